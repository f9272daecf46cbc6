"""Which boards wait for their image, and which of them share a run.

The store is the truth. A board is whole once its `board.json` stands; how its image
ended (drawn, withheld, refused) stands in `memory.json` beside it, which is written
after everything else. So a board without that card waits, and so does one that is
younger than its card: it was made anew and has lost its cover.

A look reads on in the listing of boards from where the last one stopped, and begins
again at the end. Where something waits, the next look starts at the same place, so that
nothing is passed over.

Not here: what a run does (remember, keepsake), how often one broke (attempts).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import PurePosixPath

from evoke_core.memory.card import CARD
from evoke_core.storage.store import Store, StoredObject

_BOARDS = "boards/"
_REFINED = "--"  # in the id of a board that somebody's sliders made of another


@dataclass(frozen=True, slots=True)
class DueRules:
    """How much one look takes in, and how much one run.

    Args:
        objects: Of the listing; a board has about five.
        boards: That wait and are looked into.
        songs: In a run; each takes half a minute on a GPU and a quarter of an hour on
            a processor, and what comes after waits for the whole run.
        tries: Runs that may break over a song.
    """

    objects: int = 10_000
    boards: int = 100
    songs: int = 8
    tries: int = 3


@dataclass(frozen=True, slots=True)
class Look:
    """A stretch of the listing.

    Args:
        waiting: Ids of boards without their image, in order.
        boards: How many were looked at.
        after: Key that the next look goes on from; "" for the start.
    """

    waiting: tuple[str, ...]
    boards: int
    after: str


def look_for_boards(
    store: Store, after: str = "", rules: DueRules | None = None
) -> Look:
    """Look on through the boards.

    Args:
        store: Where they are.
        after: Of the last look.
        rules: Bounds.

    Raises:
        Exception: The listing failed; that is not an empty one.
    """
    rules = rules or DueRules()
    seen = list(islice(store.listing(_BOARDS, after=after), rules.objects))
    folders = [list(found) for _, found in groupby(seen, key=_folder)]
    ended = len(seen) < rules.objects
    if not ended and len(folders) > 1:
        folders.pop()  # the rest of it is beyond this look
    boards = [found for found in folders if _holds_board(found)]
    waiting = [found for found in boards if _waits(found)][: rules.boards]
    is_full = len(waiting) == rules.boards
    last = waiting[-1] if is_full else folders[-1] if folders else []
    place = "" if ended and not is_full else last[-1].key
    return Look(tuple(_folder(found[0]) for found in waiting), len(boards), place)


def share_run(
    tries: Mapping[str, int], known: Sequence[str], rules: DueRules | None = None
) -> tuple[str, ...]:
    """Choose songs for the next run; pure.

    A run covers partitions that lie side by side in the order in which they were
    added. A song over which a run broke goes alone, after those that never broke one.

    Args:
        tries: Broken runs by song, in order; each below `rules.tries`.
        known: Partitions in the order in which they were added.
        rules: Bounds.

    Returns:
        At most `rules.songs`: all of them known and side by side, or none known, to be
        added in this order; empty where nothing waits.
    """
    rules = rules or DueRules()
    fresh = [song for song, count in tries.items() if not count]
    if not fresh:
        return tuple(sorted(tries, key=lambda song: tries[song])[:1])
    place = {song: row for row, song in enumerate(known)}
    stretches = [[song for song in fresh if song not in place]]
    stretches += _side_by_side([song for song in fresh if song in place], place)
    return tuple(max(stretches, key=len)[: rules.songs])


def _side_by_side(
    songs: Iterable[str], place: Mapping[str, int]
) -> Iterator[list[str]]:
    ordered = enumerate(sorted(songs, key=lambda song: place[song]))
    # Side by side, place and row grow alike.
    for _, group in groupby(ordered, key=lambda at: place[at[1]] - at[0]):
        yield [song for _, song in group]


def _folder(found: StoredObject) -> str:
    """Return the id of the board that an object belongs to; "" for the gallery."""
    name, slash, _ = found.key.removeprefix(_BOARDS).partition("/")
    return name if slash else ""


def _holds_board(found: Sequence[StoredObject]) -> bool:
    return bool(_folder(found[0])) and "board.json" in _times(found)


def _waits(found: Sequence[StoredObject]) -> bool:
    times = _times(found)
    is_refined = _REFINED in _folder(found[0])
    return not is_refined and times.get(CARD, -1.0) < times["board.json"]


def _times(found: Sequence[StoredObject]) -> dict[str, float]:
    return {PurePosixPath(each.key).name: each.modified_s for each in found}
