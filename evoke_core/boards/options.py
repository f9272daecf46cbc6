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

_LARGEST = 200

Position = Annotated[float, Field(ge=-1.0, le=1.0, allow_inf_nan=False)]


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


PLAIN = BoardOptions()


class _Filters(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    sources: list[str] = []
    licences: list[str] = []
    moods: list[str] = []


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
    try:
        given = _Options.model_validate(json.loads(raw))
    except (ValueError, RecursionError) as wrong:
        raise TrackRefused(
            "bad_options",
            f"{name}: {_said(wrong)}; options are sliders ({', '.join(AXES)}, each "
            f"-1 to 1), size (1 to {_LARGEST}) and filters (sources, licences, moods)",
        ) from wrong
    unknown = sorted(set(given.sliders) - set(AXES))
    if unknown:
        raise TrackRefused(
            "bad_options",
            f"{name}: no slider is called {unknown[0]!r}; there are {', '.join(AXES)}",
        )
    asked = {key: tuple(each) for key, each in given.filters.model_dump().items()}
    return BoardOptions(dict(given.sliders), given.size, Filters(**asked))


def _said(wrong: Exception) -> str:
    if not isinstance(wrong, ValidationError):
        return f"it is no JSON ({type(wrong).__name__})"
    first: Any = wrong.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
