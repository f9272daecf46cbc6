"""A verdict looked up: which picture fits which song, and which board won.

A ballot needs nothing else to be counted: studies and boards may be made again or
deleted after it. Counting is in `curated` and `summary`.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError

from evoke_core.boards.shelf import read_board
from evoke_core.reviews.study import Study, Trial, read_study
from evoke_core.reviews.verdict import (
    Background,
    BoardVerdict,
    StudyVerdict,
    TrialAnswer,
    Verdict,
    VerdictRefused,
    faults_of,
)
from evoke_core.storage.store import Store

_CLOCKS_DIFFER = timedelta(days=1)
_SIDES = frozenset(("first", "second", "unsure"))
_MATCHES = frozenset(("match", "no_match", "unsure"))


@dataclass(frozen=True, slots=True)
class Vote:
    """Whether a picture fits a song, as one rater said it.

    Args:
        track_id: The song.
        track_sha256: Of its bytes; equal for the same recording.
        image_id: The picture.
        is_match: None where the rater was unsure.
        at: When it was said.
    """

    track_id: str
    track_sha256: str
    image_id: str
    is_match: bool | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of two boards fits a song better, as one rater said it.

    Args:
        study_id: The study.
        trial: Its number there.
        is_real: The song's own board was chosen; None where the rater was unsure.
        rival: What it was held against.
        bridge: The kind of projection that the board was made with.
        at: When it was said.
    """

    study_id: str
    trial: int
    is_real: bool | None
    rival: str
    bridge: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Ballot:
    """What one verdict file says.

    Args:
        digest: Of the file.
        rater: Equal for equal names, whatever their capitals.
        background: As the rater said it.
        votes: On pictures.
        choices: Between boards.
    """

    digest: str
    rater: str
    background: Background
    votes: tuple[Vote, ...]
    choices: tuple[Choice, ...]


_NAMES: TypeAdapter[list[str]] = TypeAdapter(list[str])
_BALLOTS: TypeAdapter[Ballot] = TypeAdapter(Ballot)


def write_ballot(ballot: Ballot) -> bytes:
    """Write a ballot as JSON."""
    return _BALLOTS.dump_json(ballot, indent=1)


def parse_ballot(raw: bytes, *, key: str) -> Ballot:
    """Read what `write_ballot` wrote.

    Args:
        raw: Content of the file.
        key: Where it lies in the store.

    Raises:
        VerdictRefused: `damaged_ballot`; it was whole when it was taken.
    """
    try:
        return _BALLOTS.validate_json(raw)
    except ValidationError as damaged:
        raise VerdictRefused(
            "damaged_ballot",
            f"{key}: {faults_of(damaged)}; delete it, and put the file of that name "
            "in reviews/taken back into reviews/inbox",
        ) from damaged


def resolve(verdict: Verdict, digest: str, store: Store, *, now: datetime) -> Ballot:
    """Look up what a verdict speaks of.

    Args:
        verdict: Of valid form.
        digest: Of its file.
        store: Holds studies and boards.
        now: With its zone; a verdict of the future is refused, for the latest counts.

    Raises:
        VerdictRefused: `in_the_future`, `unknown_study`, `unknown_trial`,
            `duplicate_trial`, `wrong_answer`, `unknown_board`, `unknown_picture`,
            `contradiction`, `empty`, `damaged_board` or `damaged_study`.
    """
    _require_past(verdict, now)
    if isinstance(verdict, StudyVerdict):
        votes, choices = _of_study(verdict, store)
    else:
        votes, choices = _of_board(verdict, store), []
    name = " ".join(verdict.rater.name.split()).casefold()
    return Ballot(
        digest=digest,
        rater=name or f"unnamed {digest}",
        background=verdict.rater.background,
        votes=tuple(votes),
        choices=tuple(choices),
    )


def _require_past(verdict: Verdict, now: datetime) -> None:
    times = [verdict.saved_at]
    if isinstance(verdict, StudyVerdict):
        times += [answer.at for answer in verdict.answers]
    if max(times) > now + _CLOCKS_DIFFER:
        raise VerdictRefused(
            "in_the_future",
            f"verdict file: dated {max(times).isoformat()}, it is {now.isoformat()}; "
            "set the clock of the device and save it again",
        )


def _of_study(verdict: StudyVerdict, store: Store) -> tuple[list[Vote], list[Choice]]:
    try:
        study = read_study(store, verdict.study_id)
    except ValueError as damaged:
        raise VerdictRefused(
            "damaged_study",
            f"study {verdict.study_id}: its answer key can't be read; restore it, then "
            "put the file back into the inbox",
        ) from damaged
    if study is None:
        raise VerdictRefused(
            "unknown_study",
            f"study {verdict.study_id}: this store has none of that name; put the "
            "file into the store that the page came from",
        )
    counts = Counter(answer.trial for answer in verdict.answers)
    twice = sorted(trial for trial, count in counts.items() if count > 1)
    if twice:
        raise VerdictRefused(
            "duplicate_trial",
            f"study {study.study_id}: trial {twice[0]} is answered "
            f"{counts[twice[0]]} times; save the file from the page again",
        )
    trials = {trial.number: trial for trial in study.trials}
    votes, choices = [], []
    for answer in verdict.answers:
        trial = trials.get(answer.trial)
        _require_answer(study, trial, answer)
        if trial is not None and trial.real is None:
            votes.append(_vote(trial, answer))
        elif trial is not None:
            choices.append(_choice(study, trial, answer))
    return votes, choices


def _require_answer(study: Study, trial: Trial | None, answer: TrialAnswer) -> None:
    if trial is None:
        raise VerdictRefused(
            "unknown_trial",
            f"study {study.study_id}: it has {len(study.trials)} trials, got number "
            f"{answer.trial}; save the file from the page again",
        )
    allowed = _MATCHES if trial.real is None else _SIDES
    if answer.answer not in allowed:
        raise VerdictRefused(
            "wrong_answer",
            f"study {study.study_id}: trial {trial.number} takes "
            f"{', '.join(sorted(allowed))}, got {answer.answer}",
        )


def _vote(trial: Trial, answer: TrialAnswer) -> Vote:
    said = None if answer.answer == "unsure" else answer.answer == "match"
    return Vote(trial.track_id, trial.track_sha256, trial.first[0], said, answer.at)


def _choice(study: Study, trial: Trial, answer: TrialAnswer) -> Choice:
    said = None if answer.answer == "unsure" else answer.answer == trial.real
    return Choice(
        study.study_id, trial.number, said, study.rival, trial.bridge, answer.at
    )


def _of_board(verdict: BoardVerdict, store: Store) -> list[Vote]:
    board = _document(store, verdict.board_id)
    if board is None:
        raise VerdictRefused(
            "unknown_board",
            f"board {verdict.board_id}: this store has none of that name; put the "
            "file into the store that the board came from",
        )
    _require_pictures(verdict, board)
    track = board["track"]
    said = [(image_id, True) for image_id in dict.fromkeys(verdict.locked)]
    said += [(image_id, False) for image_id in dict.fromkeys(verdict.dropped)]
    return [
        Vote(track["track_id"], track["sha256"], image_id, fits, verdict.saved_at)
        for image_id, fits in said
    ]


def _document(store: Store, board_id: str) -> dict[str, Any] | None:
    """Read what a verdict needs of a board; None where there is none.

    Raises:
        VerdictRefused: `damaged_board`. Others' verdicts must not wait for its repair.
    """
    try:
        board = read_board(store, board_id)
        if board is not None:
            track, ids = board["track"], [c["image_id"] for c in board["candidates"]]
            _NAMES.validate_python([track["track_id"], track["sha256"], *ids])
    except (KeyError, TypeError, ValueError, RecursionError) as damaged:
        raise VerdictRefused(
            "damaged_board",
            f"board {board_id}: its board.json can't be read; restore it or make the "
            "board again, then put the file back into the inbox",
        ) from damaged
    return board


def _require_pictures(verdict: BoardVerdict, board: dict[str, Any]) -> None:
    where = f"board {verdict.board_id}"
    said = {*verdict.locked, *verdict.dropped}
    if not said:
        raise VerdictRefused(
            "empty", f"{where}: nothing was kept or dropped; do either, then save"
        )
    both = sorted({*verdict.locked} & {*verdict.dropped})
    if both:
        raise VerdictRefused(
            "contradiction", f"{where}: {both[0]!r} is both kept and dropped"
        )
    unknown = sorted(said - {one["image_id"] for one in board["candidates"]})
    if unknown:
        raise VerdictRefused(
            "unknown_picture",
            f"{where}: {unknown[0]!r} is none of its candidates; the board has been "
            "made again since, open and judge it anew",
        )
