"""What the fields of all configuration have in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

AXES = ("energy", "warmth", "complexity", "abstraction")
Coordinate = Annotated[float, Field(ge=-1.0, le=1.0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class Frozen(BaseModel):
    """A value read from a file: it doesn't change, and knows all its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")
