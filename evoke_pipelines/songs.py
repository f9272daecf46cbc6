"""What assets of songs share: a partition a song, many in one run, each for itself.

How a stored board is shown in the Dagster UI stands here, too. Not here: how a board or
an image is made, and what is done about a song that can't be used.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import dagster as dg
import polars as pl

from evoke_core.storage.store import Store, digest
from evoke_pipelines.shown import as_metadata, link, thumbnails

_MOODS_SHOWN = 3
_TILES_SHOWN = 10  # one row of a contact sheet

SongAsset = Callable[[Callable[..., Any]], dg.AssetsDefinition]


def song_asset(
    partitions: dg.PartitionsDefinition[str],
    *,
    kind: str,
    deps: Sequence[str],
    code_version: str,
    pool: str,
) -> SongAsset:
    """Return a decorator for an asset that yields what became of each song.

    Songs of one run share it, so that models are loaded once. A song for which nothing
    is yielded leaves its partition as it was; a return type of None would paint all.
    """
    return dg.asset(
        group_name="boards",
        kinds={kind},
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        output_required=False,
        deps=deps,
        code_version=code_version,
        pool=pool,
    )


def fail_songs(
    failed: Mapping[str, str], lacking: str, cause: Exception | None = None
) -> None:
    """Paint these partitions as failed; without this they show nothing at all.

    Args:
        failed: Why, by partition; where there is none, nothing is done.
        lacking: What they are without.
        cause: An error of ours, if there was one.

    Raises:
        dg.Failure: It is not tried again: what was done for other songs stands.
    """
    if failed:
        raise dg.Failure(
            description=f"{len(failed)} songs have no {lacking}: {', '.join(failed)}",
            metadata=dict(failed),
            allow_retries=False,
        ) from cause


def board_version(document: Mapping[str, Any]) -> str:
    """Digest the song, the release and what was chosen from it."""
    tiles = [tile["image_id"] for tile in document["tiles"]]
    return digest(
        [document["track"]["sha256"], document["release"]["release_id"], tiles]
    )


def board_shown(store: Store, document: Mapping[str, Any]) -> dict[str, Any]:
    """Show a stored board: where it lies, its moods and first tiles, what served it."""
    folder = f"boards/{document['board_id']}"
    tiles = document["tiles"]
    hashes = [PurePosixPath(each["thumbnail"]).stem for each in tiles[:_TILES_SHOWN]]
    moods = [mood["mood"] for mood in document["moods"][:_MOODS_SHOWN]]
    return {
        "board": link(store, f"{folder}/board.html"),
        "picture": link(store, f"{folder}/board.png"),
        "location": store.locate(f"{folder}/board.html"),
        "title": document["track"]["title"],
        "moods": ", ".join(moods),
        "tiles": len(tiles),
        "first_tiles": as_metadata(thumbnails(store, pl.Series(hashes), spread=False)),
        "release": document["release"]["release_id"],
        "serves": document["release"]["bridge"],
    }
