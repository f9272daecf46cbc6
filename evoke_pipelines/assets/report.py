"""The status page: everything there is, at one look."""

import dagster as dg

from evoke_core.config.vocabulary import Vocabulary
from evoke_core.drops.drop import PREFIX, QUARANTINE
from evoke_core.errors import IndexUnavailable, ReleaseMissing
from evoke_core.release import CURRENT, Release, read_release
from evoke_core.serving.quarantine import DONE
from evoke_core.status.findings import find_all
from evoke_core.status.health import Health, check_index, glance, unreachable
from evoke_core.status.page import headline, render_status
from evoke_core.status.poster import draw_poster
from evoke_core.status.served import Served
from evoke_core.status.status import read_status
from evoke_core.storage.store import Store, digest
from evoke_pipelines.refresh import Made, refresh
from evoke_pipelines.resources import IndexAccess
from evoke_pipelines.shown import picture

PAGE, POSTER = "reports/evoke.html", "reports/evoke.png"
BOARDS = "boards/"
_COMING = (PREFIX, DONE, QUARANTINE, BOARDS)


@dg.asset(
    group_name="status",
    kinds={"html", "pillow"},
    deps=["source_manifests", "image_files", "image_facts", "curated_images",
          "image_embeddings", "image_tags", "track_manifest", "track_embeddings",
          "track_tags", "bridge_report", "image_index", "release"],
    code_version="2",
    pool="milvus",
)  # fmt: skip
def evoke_report(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    vocabulary: dg.ResourceParam[Vocabulary],
    index: dg.ResourceParam[IndexAccess],
) -> dg.MaterializeResult[None]:
    """One page on pictures, music, bridge, index, boards and drops, and one picture.

    Boards and drops come without a run of their own, and an index can be lost: both are
    looked for each time, and where nothing of it all has changed, nothing is drawn.
    """
    standing = [_lying(store), _standing(store, index)]
    return refresh(
        context, store, lambda: _draw(context, store, vocabulary, index),
        settings=standing,
    )  # fmt: skip


def _lying(store: Store) -> list[tuple[str, str | None]]:
    """List what comes and goes by itself: songs, boards, refusals, the release."""
    listed = [
        (found.key, found.etag)
        for prefix in _COMING
        for found in store.listing(prefix)
        if prefix != BOARDS or found.key.endswith("/board.json")
    ]
    return [(CURRENT, store.etag(CURRENT)), *listed]


def _standing(store: Store, index: IndexAccess) -> object:
    try:
        release = read_release(store)
        with index.open() as opened:
            return glance(store, opened, release)
    except (ReleaseMissing, IndexUnavailable) as absent:
        return str(absent)


def _draw(
    context: dg.AssetExecutionContext,
    store: Store,
    vocabulary: Vocabulary,
    index: IndexAccess,
) -> Made:
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
    store.write(POSTER, poster)
    store.write(PAGE, page)
    shown = {
        "status": picture(poster),
        "headline": headline(status),
        "pictures_listed": status.funnel.total("listed"),
        "pictures_served": status.funnel.total("served"),
        "boards_stored": len(status.latest.ids),
        "drops_waiting": status.dropped.waiting,
        "drops_set_aside": status.dropped.quarantined,
        **{finding.part: finding.said for finding in find_all(status)},
    }
    done = digest(page)
    return Made(done, shown, {PAGE: done, POSTER: digest(poster)})
