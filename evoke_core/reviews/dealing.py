"""Deal the trials of a study: which songs, which boards, which side, in which order.

Songs come one after the other, so that each is listened to once; within a song, and
from song to song, the order is the seed's. Nothing is drawn or stored here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evoke_core.errors import BoardError
from evoke_core.reviews.rival import Corpus, random_board
from evoke_core.reviews.study import Rival, Side, Study, Trial, name_study

# Sizes that fill a mosaic; fewer pictures are no board that one could compare.
SIZES = (12, 9, 8, 6, 4)
_NEAR = 24  # candidates that a single picture is drawn from, beside any picture at all


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """What a study is to hold.

    Args:
        trials: Most trials; half of them compare boards, one a song at most, the rest
            show single pictures.
        tiles: Most pictures of a board that are shown, the same on both sides.
        rival: A board about a random picture, or another song's board.
        seed: Decides songs, pictures, sides and order.
    """

    trials: int = 24
    tiles: int = 12
    rival: Rival = "random"
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Dealt:
    """A study, and why some boards are not in it.

    Args:
        study: Its trials.
        left_out: Reason by board_id.
    """

    study: Study
    left_out: Mapping[str, str]


def deal_study(
    boards: Sequence[Mapping[str, Any]], corpus: Corpus, plan: StudyPlan
) -> Dealt:
    """Deal trials over boards.

    Args:
        boards: Of schema evoke.board/1; one a song.
        corpus: The pictures that may be shown.
        plan: How many of what.

    Raises:
        BoardError: No board can be judged; the message says why not.
    """
    rng = np.random.default_rng(plan.seed)
    usable, left_out = _usable(boards, corpus)
    compared: dict[str, Trial] = {}
    wanted = max(1, (plan.trials + 1) // 2)
    sides = _sides(wanted, rng)
    for place in rng.permutation(len(usable)).tolist():
        if len(compared) == wanted:
            break
        board = usable[place]
        try:
            rival = _rival_of(board, usable, corpus, plan, rng)
            compared[board["board_id"]] = _comparison(
                board, rival, plan, sides[len(compared)]
            )
        except BoardError as wrong:
            left_out[board["board_id"]] = str(wrong)
    chosen = [
        (one, compared[i]) for one in usable if (i := one["board_id"]) in compared
    ]
    if not chosen:
        reasons = "; ".join(left_out.values()) or "no board is stored"
        raise BoardError(
            f"study: none of {len(boards)} boards can be judged ({reasons}); drop a "
            "song, wait for its board, and make the study again"
        )
    singles = _singles(chosen, corpus, plan.trials - len(compared), rng)
    trials = _in_order([*compared.values(), *singles], rng)
    return Dealt(name_study(trials, seed=plan.seed, rival=plan.rival), left_out)


def _sides(count: int, rng: np.random.Generator) -> list[Side]:
    """Put the real board first in every second trial, so that no habit wins."""
    turn = int(rng.integers(2))
    return ["first" if (row + turn) % 2 else "second" for row in range(count)]


def _usable(
    boards: Sequence[Mapping[str, Any]], corpus: Corpus
) -> tuple[list[Mapping[str, Any]], dict[str, str]]:
    """Keep boards whose pictures are all still there, one for each recording."""
    usable: dict[str, Mapping[str, Any]] = {}
    left_out: dict[str, str] = {}
    for board in sorted(boards, key=lambda one: str(one["board_id"])):
        name, recording = board["board_id"], board["track"]["sha256"]
        gone = [t for t in board["tiles"] if t["image_id"] not in corpus.rows]
        if gone:
            left_out[name] = (
                f"board {name}: {len(gone)} of its pictures have left the corpus; "
                "compose it again"
            )
        elif recording in usable:
            twin = usable[recording]["board_id"]
            left_out[name] = f"board {name}: the same recording as {twin}"
        else:
            usable[recording] = board
    return list(usable.values()), left_out


def _rival_of(
    board: Mapping[str, Any],
    boards: Sequence[Mapping[str, Any]],
    corpus: Corpus,
    plan: StudyPlan,
    rng: np.random.Generator,
) -> list[str]:
    if plan.rival == "random":
        return random_board(board, corpus, rng)
    others = [one for one in boards if one["board_id"] != board["board_id"]]
    if not others:
        raise BoardError(
            f"board {board['board_id']}: there is no other song's board to hold it "
            "against; drop more songs or choose the random rival"
        )
    other = others[int(rng.integers(len(others)))]
    own = set(_tile_ids(board))
    return [image_id for image_id in _tile_ids(other) if image_id not in own]


def _comparison(
    board: Mapping[str, Any],
    rival: Sequence[str],
    plan: StudyPlan,
    side: Side,
) -> Trial:
    own = _tile_ids(board)
    most = min(plan.tiles, len(own), len(rival))
    size = next((size for size in SIZES if size <= most), None)
    if size is None:
        raise BoardError(
            f"board {board['board_id']}: {most} pictures a side, at least {SIZES[-1]} "
            "are compared; judge with a larger corpus"
        )
    real, other = tuple(own[:size]), tuple(rival[:size])
    if side == "first":
        return _trial(board, first=real, second=other, real="first")
    return _trial(board, first=other, second=real, real="second")


def _singles(
    compared: Sequence[tuple[Mapping[str, Any], Trial]],
    corpus: Corpus,
    count: int,
    rng: np.random.Generator,
) -> list[Trial]:
    """Show each song single pictures in turn: now one near to it, now any.

    None of them stands on the two boards of that song, where it would tell a side.
    """
    ids = corpus.pictures["image_id"].to_list()
    trials: list[Trial] = []
    shown = {board["board_id"]: {*t.first, *t.second} for board, t in compared}
    for turn in range(count):
        lap, place = divmod(turn, len(compared))
        board = compared[place][0]
        seen = shown[board["board_id"]]
        near = [str(one["image_id"]) for one in board["candidates"]]
        source = near if (lap + place) % 2 == 0 else ids
        free = [one for one in source if one in corpus.rows and one not in seen]
        if not free:  # a small corpus: one trial fewer
            continue
        among = free[:_NEAR] if source is near else free
        image_id = among[int(rng.integers(len(among)))]
        seen.add(image_id)
        trials.append(_trial(board, first=(image_id,)))
    return trials


def _in_order(trials: Sequence[Trial], rng: np.random.Generator) -> tuple[Trial, ...]:
    """Shuffle songs, and trials within a song; number them."""
    songs = sorted({trial.board_id for trial in trials})
    place = dict(zip(songs, rng.permutation(len(songs)).tolist(), strict=True))
    luck = rng.random(len(trials)).tolist()
    order = sorted(
        range(len(trials)), key=lambda row: (place[trials[row].board_id], luck[row])
    )
    return tuple(
        replace(trials[row], number=number) for number, row in enumerate(order, 1)
    )


def _tile_ids(board: Mapping[str, Any]) -> list[str]:
    return [str(tile["image_id"]) for tile in board["tiles"]]


def _trial(
    board: Mapping[str, Any],
    *,
    first: tuple[str, ...],
    second: tuple[str, ...] = (),
    real: Side | None = None,
) -> Trial:
    return Trial(
        number=0,
        board_id=board["board_id"],
        track_id=board["track"]["track_id"],
        track_sha256=board["track"]["sha256"],
        bridge=board["release"]["bridge"],
        first=first,
        second=second,
        real=real,
    )
