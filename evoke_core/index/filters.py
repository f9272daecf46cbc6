"""Which pictures may be found: by source, licence and mood.

The same question is asked in two ways: of the index, as an expression, and of a picture
that is at hand.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Filters:
    """What a picture must be; an empty tuple asks for nothing.

    Args:
        sources: It comes from one of these collections.
        licences: It is under one of these licences.
        moods: At least one of these moods is named of it.
    """

    sources: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    moods: tuple[str, ...] = ()

    def admits(self, picture: Mapping[str, Any]) -> bool:
        """Say whether a picture with `source`, `licence` and `moods` passes."""
        return (
            (not self.sources or picture["source"] in self.sources)
            and (not self.licences or picture["licence"] in self.licences)
            and (not self.moods or not set(self.moods).isdisjoint(picture["moods"]))
        )

    def expression(self) -> str:
        """Write the filter for Milvus; empty where nothing is asked.

        Every text is a quoted literal, so that none can add to the expression.
        """
        parts = [
            f"{field} in {_quoted(values)}"
            for field, values in (("source", self.sources), ("licence", self.licences))
            if values
        ]
        if self.moods:
            parts.append(f"array_contains_any(moods, {_quoted(self.moods)})")
        return " and ".join(parts)


NO_FILTERS = Filters()


def _quoted(values: Sequence[str]) -> str:
    return json.dumps(list(values), ensure_ascii=True)
