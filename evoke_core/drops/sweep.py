"""How far the sensor has looked: its cursor, small and readable whatever happens.

It is a place to go on from, and what the UI is told; nothing is decided by it alone.
"""

import json
from dataclasses import asdict, dataclass, fields
from urllib.parse import quote, unquote_to_bytes

_VERSION = 2
NAMED = 5  # drops that are named of those that rest
LONGEST_KEY = 1200  # bytes; S3 allows 1,024, and escaped three times that fits a cursor


@dataclass(frozen=True, slots=True)
class Sweep:
    """A walk over the drops folder, from its first key to its last and again.

    Args:
        after: Key of the last object that was looked at; "" before the first.
        songs: Seen in this walk.
        unsettled: Of those, still being copied.
        odd: Objects under names that can't be fetched.
        resting: Drops that are left alone after their runs broke.
        named: The first few of them, by drop_id.
        kept: Oldest partitions that retiring has to leave.
    """

    after: str = ""
    songs: int = 0
    unsettled: int = 0
    odd: int = 0
    resting: int = 0
    named: tuple[str, ...] = ()
    kept: int = 0

    def again(self) -> "Sweep":
        """Return the start of the next walk."""
        return Sweep(kept=self.kept)


def dump_sweep(sweep: Sweep) -> str:
    """Write a sweep as a cursor of at most 4,096 bytes of ASCII."""
    after = quote(sweep.after.encode(errors="surrogatepass"))
    return json.dumps({"version": _VERSION, **asdict(sweep), "after": after})


def load_sweep(cursor: str | None) -> Sweep:
    """Read a cursor; garbage, or one of another version, is a walk from the start."""
    try:
        told = json.loads(cursor or "")
        if told.pop("version") != _VERSION or set(told) != _names():
            return Sweep()
        place = unquote_to_bytes(told["after"])
        counts = {
            name: max(0, int(told[name])) for name in _names() - {"after", "named"}
        }
        return Sweep(
            after=place[:LONGEST_KEY].decode(errors="surrogatepass"),
            named=tuple(str(each)[:64] for each in told["named"][:NAMED]),
            **counts,
        )
    except (
        AttributeError, KeyError, TypeError, ValueError, OverflowError, RecursionError
    ):  # fmt: skip
        return Sweep()


def _names() -> set[str]:
    return {each.name for each in fields(Sweep)}
