"""A study: its trials in the order of the page, and which side of each is the real one.

It is the answer key; the page is made from it and shows none of it. Dealing the trials
is `dealing`, drawing the page is `page`.
"""

from dataclasses import dataclass
from typing import Literal

from pydantic import TypeAdapter

from evoke_core.storage.store import Store, digest

SCHEMA = "evoke.study/1"
Side = Literal["first", "second"]
Rival = Literal["random", "other_track"]


@dataclass(frozen=True, slots=True)
class Trial:
    """One question to a rater.

    Args:
        number: From 1 in the order of the page.
        board_id: Board of the song that is played.
        track_id: The song.
        track_sha256: Of its bytes.
        bridge: Kind of projection that the board was made with.
        first: Pictures of the first board; the one picture of a match trial.
        second: Pictures of the second board; none in a match trial.
        real: The song's own board; None in a match trial.
    """

    number: int
    board_id: str
    track_id: str
    track_sha256: str
    bridge: str
    first: tuple[str, ...]
    second: tuple[str, ...]
    real: Side | None


@dataclass(frozen=True, slots=True)
class Study:
    """All trials of one page.

    Args:
        study_id: Follows from the trials, so that the same trials are the same study.
        seed: What they were dealt with.
        rival: What real boards are held against.
        trials: In the order of the page.
    """

    study_id: str
    seed: int
    rival: Rival
    trials: tuple[Trial, ...]


_STUDIES: TypeAdapter[Study] = TypeAdapter(Study)
_TRIALS: TypeAdapter[tuple[Trial, ...]] = TypeAdapter(tuple[Trial, ...])


def name_study(trials: tuple[Trial, ...], *, seed: int, rival: Rival) -> Study:
    """Make a study of trials and give it its name."""
    content = [SCHEMA, seed, rival, _TRIALS.dump_python(trials, mode="json")]
    return Study(f"study-{digest(content)[:12]}", seed, rival, trials)


def page_key(study_id: str) -> str:
    """Return where the page lies: as deep as boards do, so audio links hold on both."""
    return f"reviews/studies/{study_id}.html"


def write_study(store: Store, study: Study) -> str:
    """Put the answer key into the store, apart from the page that is handed out.

    Returns:
        Its store key.
    """
    key = _answers_key(study.study_id)
    store.write(key, _STUDIES.dump_json(study, indent=1))
    return key


def read_study(store: Store, study_id: str) -> Study | None:
    """Read an answer key; None where the store has no such study.

    Raises:
        ValueError: It is damaged.
    """
    try:
        return _STUDIES.validate_json(store.read(_answers_key(study_id)))
    except KeyError:
        return None


def _answers_key(study_id: str) -> str:
    return f"reviews/keys/{study_id}.json"
