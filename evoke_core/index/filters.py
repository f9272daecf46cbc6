"""Which pictures may be found: by source, licence and mood.

The same question is asked in two ways: of the index, as an expression, and of a picture
that is at hand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# A server and Lite both know these escapes; Lite knows no others, so that every other
# character stands for itself.
_ESCAPES = str.maketrans(
    {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
)


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
            f"{field} in {quoted(values)}"
            for field, values in (("source", self.sources), ("licence", self.licences))
            if values
        ]
        if self.moods:
            parts.append(f"array_contains_any(moods, {quoted(self.moods)})")
        return " and ".join(parts)


NO_FILTERS = Filters()


def quoted(values: Sequence[str]) -> str:
    """Write texts as a list of literals, each once.

    A text that is no Unicode (half of a surrogate pair) is left out: it can't be
    stored, so that nothing is lost. A list of nothing else finds nothing.
    """
    texts = [text for text in dict.fromkeys(values) if _is_unicode(text)]
    return "[" + ", ".join(f'"{text.translate(_ESCAPES)}"' for text in texts) + "]"


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
