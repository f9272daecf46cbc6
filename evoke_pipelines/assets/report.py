"""The status page: everything there is, at one look."""

import dagster as dg

from evoke_core.config.vocabulary import Vocabulary
from evoke_core.errors import IndexUnavailable
from evoke_core.release import Release
from evoke_core.status.findings import find_all
from evoke_core.status.health import Health, check_index, unreachable
from evoke_core.status.page import headline, render_status
from evoke_core.status.poster import draw_poster
from evoke_core.status.served import Served
from evoke_core.status.status import read_status
from evoke_core.storage.store import Store, digest
from evoke_pipelines.resources import IndexAccess
from evoke_pipelines.shown import as_metadata, picture, place

PAGE, POSTER = "reports/evoke.html", "reports/evoke.png"


@dg.asset(
    group_name="status",
    kinds={"html", "pillow"},
    deps=["source_manifests", "image_files", "image_facts", "curated_images",
          "image_embeddings", "image_tags", "track_manifest", "track_embeddings",
          "track_tags", "bridge_report", "image_index", "release"],
    code_version="1",
    pool="milvus",
)  # fmt: skip
def evoke_report(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    vocabulary: dg.ResourceParam[Vocabulary],
    index: dg.ResourceParam[IndexAccess],
) -> dg.MaterializeResult[None]:
    """One page on pictures, music, bridge, index, boards and drops, and one picture.

    Made anew each time: boards and drops come without a run of their own, and whether
    the index is well is asked of it now. The same status is written once.
    """

    def ask(release: Release, served: Served) -> Health:
        try:
            with index.open() as opened:
                return check_index(store, opened, release, served)
        except IndexUnavailable as away:
            context.log.warning("the index could not be asked: %s", away)
            return unreachable(store, release, str(away))

    status = read_status(store, list(vocabulary.moods), ask)
    poster = draw_poster(status)
    page = render_status(status).encode(errors="replace")  # names that are no UTF-8
    made = {POSTER: poster, PAGE: page}
    changed = [key for key, content in made.items() if not _holds(store, key, content)]
    for key in changed:
        store.write(key, made[key])
    said = {finding.part: finding.said for finding in find_all(status)}
    shown = {
        "status": picture(poster),
        **place(store, PAGE),
        "headline": headline(status),
        "pictures_listed": status.funnel.total("listed"),
        "pictures_served": status.funnel.total("served"),
        "boards_stored": len(status.latest.ids),
        "drops_waiting": status.dropped.waiting,
        "drops_set_aside": status.dropped.quarantined,
        "bytes": len(page) + len(poster),
        "changed": bool(changed),
        **said,
    }
    return dg.MaterializeResult(
        metadata={name: as_metadata(value) for name, value in shown.items()},
        data_version=dg.DataVersion(digest(page)),
    )


def _holds(store: Store, key: str, content: bytes) -> bool:
    try:
        return store.read(key) == content
    except KeyError:
        return False
