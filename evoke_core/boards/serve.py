"""Turn dropped songs into stored boards; a bad one is set aside with its reason."""

import json
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from evoke_core.boards.board import Song, title_from_key
from evoke_core.boards.compose import compose_board
from evoke_core.boards.desk import Desk
from evoke_core.boards.shelf import read_board, shelve
from evoke_core.drops.drop import QUARANTINE, Drop
from evoke_core.errors import TrackRefused
from evoke_core.music.encode import BatchedMusicEncoder
from evoke_core.music.together import hear_together

SOURCE = "drops"


@dataclass(frozen=True, slots=True)
class Served:
    """How one drop ended.

    Args:
        drop: The song.
        page: Store key of its board, None if it was refused.
        reason: Stable word, None if there is a board.
        message: The same for people.
        seconds: Spent on it; 0 where the board already stood.
    """

    drop: Drop
    page: str | None
    reason: str | None = None
    message: str | None = None
    seconds: float = 0.0


def serve_drops(
    drops: Iterable[Drop], desk: Desk, *, afresh: Callable[[Drop], bool]
) -> Iterator[Served]:
    """Compose and store a board for each drop, in order.

    Args:
        drops: What to serve; each is its own unit of success.
        desk: What boards are made with.
        afresh: Says whether a drop's stored board is to be made again.

    Yields:
        One result per drop. Anything but a refusal propagates: it is not the song's
        fault, and the drop stays unrecorded to be tried again.
    """
    due = list(drops)
    _hear_together(due, desk, afresh)
    for drop in due:
        stored = read_board(desk.store, drop.drop_id)
        if stored is not None and not afresh(drop):
            yield Served(drop, f"boards/{drop.drop_id}/board.html")
            continue
        started = time.monotonic()
        try:
            board = compose_board(_song(drop), _read(drop, desk), desk)
        except TrackRefused as refusal:
            yield _set_aside(drop, refusal, desk)
            continue
        page = shelve(desk.store, board)
        yield Served(drop, page, seconds=time.monotonic() - started)


def is_of_release(desk: Desk, drop: Drop) -> bool:
    """Say whether a drop's stored board was made from the present release."""
    stored = read_board(desk.store, drop.drop_id)
    if stored is None:
        return False
    made_from: str = stored["release"]["release_id"]
    return made_from == desk.release.release_id


def _hear_together(
    drops: Iterable[Drop], desk: Desk, afresh: Callable[[Drop], bool]
) -> None:
    """Let the songs of a burst share a large model's batches.

    What is heard is kept in the store, where composing finds it; a song that can't be
    used is refused there, by itself.
    """
    if not isinstance(desk.encoder, BatchedMusicEncoder):
        return
    songs = [
        partial(_read, drop, desk)
        for drop in drops
        if read_board(desk.store, drop.drop_id) is None or afresh(drop)
    ]
    if len(songs) > 1:
        rules = desk.run_profile.audio
        deque(hear_together(songs, desk.encoder, rules, desk.store), maxlen=0)


def _read(drop: Drop, desk: Desk) -> bytes:
    try:
        return desk.store.read(drop.key)
    except KeyError as gone:  # deleted since the listing: nobody waits for it
        raise TrackRefused(
            "vanished", f"{drop.key}: it is no longer there; drop it again"
        ) from gone


def _song(drop: Drop) -> Song:
    return Song(
        board_id=drop.drop_id,
        source=SOURCE,
        source_key=drop.source_key,
        title=title_from_key(drop.source_key),
        audio_key=drop.key,
    )


def _set_aside(drop: Drop, refusal: TrackRefused, desk: Desk) -> Served:
    """Move the song beside a record that says why; the record is the decision."""
    store = desk.store
    moved = f"{QUARANTINE}{drop.drop_id}/{drop.source_key}"
    record = {
        "drop_id": drop.drop_id,
        "source_key": drop.source_key,
        "audio": moved,
        "reason": refusal.reason,
        "message": str(refusal),
    }
    try:
        store.write(moved, store.read(drop.key))
    except KeyError:
        record["audio"] = ""
    store.write(
        f"{QUARANTINE}{drop.drop_id}.json",
        json.dumps(record, indent=1, ensure_ascii=False).encode(),
    )
    store.delete(drop.key)
    return Served(drop, None, refusal.reason, str(refusal))
