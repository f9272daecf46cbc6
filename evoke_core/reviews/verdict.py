"""The verdict file: what a person said about boards and pictures, as JSON.

One file is one sitting of one rater: the answers to a study page, or the pictures that
a listener kept and dropped on a board. Only the file's own form is checked here; what
it speaks of is looked up in `ballot`. Nothing in it is trusted: it comes by mail.
"""

from typing import Annotated, Literal, get_args

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import ErrorDetails

from evoke_core.errors import Refused

SCHEMA = "evoke.verdict/1"
MAX_BYTES = 256 * 1024  # 2,000 answers take about 200 kB

Background = Literal["musician", "designer", "neither", "unstated"]
BACKGROUNDS: tuple[Background, ...] = get_args(Background)
Answer = Literal["first", "second", "match", "no_match", "unsure"]
# They become parts of store keys, so they may hold nothing that a path reads.
StudyId = Annotated[str, Field(pattern=r"^study-[0-9a-f]{12}$")]
BoardId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,119}$")]
# Any script, and markup too, which stays text; but nothing that moves a terminal.
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True),
    Field(max_length=60, pattern=r"^[^\p{Cc}\p{Zl}\p{Zp}\x{202a}-\x{202e}]*$"),
]
_ImageIds = Annotated[
    list[Annotated[str, Field(max_length=120)]], Field(max_length=500)
]
_Seconds = Annotated[float, Field(ge=0, le=86_400)]


class VerdictRefused(Refused):
    """One verdict file that can't be taken."""


class _Strict(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False
    )


class Rater(_Strict):
    """Who judged.

    Args:
        name: Name or alias; empty is someone who is counted alone.
        background: What they do, as they say themselves.
    """

    name: Name
    background: Background


class TrialAnswer(_Strict):
    """What was said to one trial of a study.

    Args:
        trial: Its number in the study.
        answer: A side, a match, or unsure.
        heard_s: Seconds of the song that had been listened to.
        at: When it was given.
    """

    trial: Annotated[int, Field(ge=1, le=10_000)]
    answer: Answer
    heard_s: _Seconds
    at: AwareDatetime


class StudyVerdict(_Strict):
    """Answers to a study page."""

    form: Literal["evoke.verdict/1"] = Field(alias="schema")
    kind: Literal["study"]
    study_id: StudyId
    rater: Rater
    saved_at: AwareDatetime
    answers: Annotated[list[TrialAnswer], Field(min_length=1, max_length=2000)]


class BoardVerdict(_Strict):
    """Pictures that a listener kept and dropped on a board."""

    form: Literal["evoke.verdict/1"] = Field(alias="schema")
    kind: Literal["board"]
    board_id: BoardId
    rater: Rater
    saved_at: AwareDatetime
    locked: _ImageIds
    dropped: _ImageIds


Verdict = StudyVerdict | BoardVerdict
_READER: TypeAdapter[Verdict] = TypeAdapter(
    Annotated[Verdict, Field(discriminator="kind")]
)
_FAULTS_NAMED = 3
_GOT_CHARACTERS = 60


def read_verdict(raw: bytes) -> Verdict:
    """Read a verdict file.

    Raises:
        VerdictRefused: `too_large` or `invalid`; the message names the places.
    """
    if len(raw) > MAX_BYTES:
        raise too_large(len(raw))
    try:
        return _READER.validate_json(raw)
    except ValidationError as wrong:
        raise VerdictRefused(
            "invalid", f"verdict file: {faults_of(wrong)}; save it from the page again"
        ) from wrong


def too_large(size_bytes: int) -> VerdictRefused:
    """Refuse a file by its size alone."""
    return VerdictRefused(
        "too_large",
        f"verdict file: {size_bytes} bytes, at most {MAX_BYTES} are read; "
        "save it from the page again",
    )


def faults_of(wrong: ValidationError) -> str:
    """Name the first places of a file that are wrong, and what was got there."""
    faults = wrong.errors(include_url=False, include_context=False)
    named = "; ".join(_described(fault) for fault in faults[:_FAULTS_NAMED])
    more = f"; {len(faults) - _FAULTS_NAMED} more" if faults[_FAULTS_NAMED:] else ""
    return named + more


def _described(fault: ErrorDetails) -> str:
    place = ".".join(str(part) for part in fault["loc"]) or "file"
    return f"{place}: {fault['msg']}, got {_shortened(fault['input'])}"


def _shortened(got: object) -> str:
    text = repr(got)
    return text if len(text) <= _GOT_CHARACTERS else f"{text[:_GOT_CHARACTERS]}…"
