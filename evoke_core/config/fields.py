"""What the fields of all configuration have in common."""

from collections import Counter
from collections.abc import Iterable
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

AXES = ("energy", "warmth", "complexity", "abstraction")
Coordinate = Annotated[float, Field(ge=-1.0, le=1.0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class Frozen(BaseModel):
    """A value read from a file: it doesn't change, and knows all its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def require_once(names: Iterable[str]) -> None:
    """Check that no name stands twice; a validator of pydantic tells where.

    Raises:
        ValueError: Names those that do.
    """
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise ValueError(f"stand more than once: {', '.join(twice)}")
