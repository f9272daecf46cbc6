"""How a listener wants a board: where the sliders stand, how large, from what pictures.

They come beside a dropped song as JSON, or from a person who refines a stored board.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evoke_core.config.fields import AXES
from evoke_core.errors import TrackRefused
from evoke_core.index.filters import NO_FILTERS, Filters
from evoke_core.storage.store import digest

_LARGEST = 200
_MOST_BYTES = 65_536
_MOST_VALUES = 100  # of one filter
_SHOWN = 200  # characters of a complaint: the file is a stranger's

Position = Annotated[float, Field(ge=-1.0, le=1.0, allow_inf_nan=False, strict=True)]
Word = Annotated[str, Field(min_length=1, max_length=200)]
Words = Annotated[list[Word], Field(max_length=_MOST_VALUES)]


@dataclass(frozen=True, slots=True)
class BoardOptions:
    """What differs from a plain board.

    Args:
        setting: Slider positions in [-1, 1] by axis; an absent one is 0.
        size: Tiles, None for what the profile says.
        filters: Which pictures may be shown.
    """

    setting: Mapping[str, float] = field(default_factory=dict)
    size: int | None = None
    filters: Filters = NO_FILTERS

    def moved(self) -> dict[str, float]:
        """Return the positions of sliders that do not rest, in the order of AXES."""
        return {axis: self.setting[axis] for axis in AXES if self.setting.get(axis)}

    def digest(self) -> str:
        """Return the same short text for options that ask for the same."""
        filters = (self.filters.sources, self.filters.licences, self.filters.moods)
        asked = [sorted(set(values)) for values in filters]
        return digest([self.moved(), self.size, asked])


PLAIN = BoardOptions()


class _Filters(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    sources: Words = []
    licences: Words = []
    moods: Words = []


class _Options(BaseModel):
    model_config = ConfigDict(extra="forbid")

    sliders: dict[str, Position] = {}
    size: Annotated[int, Field(ge=1, le=_LARGEST, strict=True)] | None = None
    filters: _Filters = _Filters()


def read_options(raw: bytes, *, name: str) -> BoardOptions:
    """Read options from JSON such as {"sliders": {"warmth": 0.5}, "size": 24}.

    Args:
        raw: The file.
        name: Of the file, for messages.

    Raises:
        TrackRefused: With the reason `bad_options`, and what is wrong with which.
    """
    if len(raw) > _MOST_BYTES:
        raise _bad(name, f"it has {len(raw)} bytes, options have at most {_MOST_BYTES}")
    try:
        given = _Options.model_validate(json.loads(raw))
    except (ValueError, RecursionError) as wrong:
        raise _bad(name, _said(wrong)) from wrong
    unknown = sorted(set(given.sliders) - set(AXES))
    if unknown:
        raise _bad(name, f"no slider is called {unknown[0]!a:.{_SHOWN}}")
    asked = {key: tuple(each) for key, each in given.filters.model_dump().items()}
    return BoardOptions(dict(given.sliders), given.size, Filters(**asked))


def _bad(name: str, wrong: str) -> TrackRefused:
    return TrackRefused(
        "bad_options",
        f"{name}: {wrong}; options are sliders ({', '.join(AXES)}, each -1 to 1), "
        f"size (1 to {_LARGEST}) and filters (sources, licences, moods)",
    )


def _said(wrong: Exception) -> str:
    if not isinstance(wrong, ValidationError):
        return f"it is no JSON ({type(wrong).__name__})"
    first: Any = wrong.errors(include_input=False)[0]
    where = ".".join(map(str, first["loc"])) or "the file"
    return f"{where!a:.{_SHOWN}}: {first['msg']}"
