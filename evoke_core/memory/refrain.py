"""Which lines of a song are said to a text model that reads 75 tokens.

A whole song rarely fits. What is sung again and again is what is remembered, so lines
are taken by how often they are sung, and the earlier first among equals; a song that
repeats nothing is told by its opening. Taken lines stand once, in the order in which
they are first sung. They are the song's own lines in one text, so that a text model
sees language of the kind that it was trained on.

Not here: the text model (text_encoder), which counts the tokens.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

_FEWEST_FIT = 8  # lines in a row that no longer fit before the rest is left


@dataclass(frozen=True, slots=True)
class Refrain:
    """Lines that stand for a song.

    Args:
        text: They, parted by line feeds.
        taken: Their number.
        of: Number of different lines in the song.
    """

    text: str
    taken: int
    of: int


def choose_refrain(
    text: str, *, room: int, count_tokens: Callable[[str], int]
) -> Refrain:
    """Choose the lines that fit; a text that fits is taken whole, repeats and all.

    Args:
        text: Lines ended by a line feed.
        room: Tokens that fit.
        count_tokens: How many a text has, without start and end. Counts of lines must
            add up to their text's, as those of a model that splits at spaces do.
    """
    distinct = _distinct_lines(_fitting(text.splitlines(), room, count_tokens))
    # A word has at least one token, so that long songs aren't counted as a whole.
    if len(text.split()) <= room and count_tokens(text) <= room:
        return Refrain(text, len(distinct), len(distinct))
    by_count = sorted(distinct, key=lambda line: -line[1])  # stable: earlier first
    taken, missed = [], 0
    for line, _ in by_count:
        tokens = count_tokens(line)
        if tokens <= room:
            taken.append(line)
            room -= tokens
            missed = 0
        else:
            missed += 1
        if room == 0 or missed == _FEWEST_FIT:
            break
    kept = set(taken)
    in_order = [line for line, _ in distinct if line in kept]
    return Refrain("\n".join(in_order), len(in_order), len(distinct))


def _fitting(
    lines: Sequence[str], room: int, count_tokens: Callable[[str], int]
) -> list[str]:
    """Halve lines until each fits; between words where there are some."""
    fitting: list[str] = []
    waiting = [line for line in reversed(lines) if line.strip()]
    while waiting:
        line = waiting.pop()
        # Tokens are no more than bytes: most lines needn't be counted.
        if len(line.encode()) <= room or _is_short(line, room, count_tokens):
            fitting.append(line)
            continue
        middle = line.rfind(" ", 1, len(line) // 2 + 1)
        middle = middle if middle > 0 else line.find(" ", 1)
        middle = middle if middle > 0 else len(line) // 2
        waiting += [part for part in (line[middle:], line[:middle]) if part.strip()]
    return [line.strip() for line in fitting]


def _is_short(line: str, room: int, count_tokens: Callable[[str], int]) -> bool:
    return len(line.split()) <= room and count_tokens(line) <= room


def _distinct_lines(lines: Sequence[str]) -> list[tuple[str, int]]:
    """Return each different line as first written, with how often it is sung."""
    first: dict[str, str] = {}
    counts: dict[str, int] = {}
    for line in lines:
        signs = "".join(c if c.isalnum() else " " for c in line.casefold())
        key = " ".join(signs.split()) or line
        first.setdefault(key, line)
        counts[key] = counts.get(key, 0) + 1
    return [(first[key], counts[key]) for key in first]
