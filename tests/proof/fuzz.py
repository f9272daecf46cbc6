"""Bytes and JSON that nobody meant: of strangers, torn copies and wrong tools.

`mutated` spoils files that were good; `odd_json` makes documents of the right names
and wrong values. Not here: who has to bear them (test_fuzz_*).
"""

import json
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

Made = TypeVar("Made")
_LIMIT_S = 20.0  # of one example, on a busy machine; good ones take milliseconds
_MARKS = (
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\n", b"\r\n", b'"', b'""', b",",
    b"\t", b";", b"\\N", b"\xff", b"\xed\xa0\x80", b"\xc3", "é".encode("latin-1"),
    b"nan", b"1e999", b"-1", b"../../up", b"/etc/x", "\u202e\u2028".encode(),
    b"A" * 140_000, b"7" * 5000, b"[" * 5000, b"PK\x01\x02", b"\xff\xff\xff\x7f",
)  # fmt: skip
_ENCODINGS = ("utf-16", "utf-32", "utf-16-be", "cp1252", "cp037")


def examples(quick: int, long: int) -> pytest.MarkDecorator:
    """Try a claim on a few examples in every run, and on many in the slow one."""
    many = pytest.param(long, marks=pytest.mark.slow)
    return pytest.mark.parametrize("most", [quick, many])


def hold(
    claim: Callable[[Any], None],
    over: st.SearchStrategy[Any],
    *,
    most: int,
    batch: int = 1,
) -> None:
    """Hold a claim over so many examples; few of them are the same at every run.

    Args:
        claim: Raises where it does not hold.
        over: What makes an example.
        most: Examples.
        batch: How many are tried at once, as a list.
    """
    is_quick = most < 200
    if batch > 1:
        over = st.lists(over, min_size=batch, max_size=batch)

    @settings(
        max_examples=most // batch,
        database=None,
        deadline=None,
        derandomize=is_quick,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(over)
    def holds(example: Any) -> None:
        with within(_LIMIT_S):
            claim(example)

    holds()


@contextmanager
def within(limit_s: float) -> Iterator[None]:
    """Raise where a block hangs."""

    def late(*_: object) -> None:
        raise AssertionError(f"hangs for {limit_s:g} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class Raw(bytes):
    """Bytes that are shown in short."""

    __slots__ = ()

    def __repr__(self) -> str:
        shown = super().__repr__()
        return shown if len(shown) < 1500 else f"{shown[:1500]}... {len(self)} bytes"


@st.composite
def mutated(draw: st.DrawFn, seeds: Sequence[bytes]) -> bytes:
    """Spoil a good file in up to four ways, one after the other."""
    raw = draw(st.sampled_from(list(seeds)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(raw)))
        end = min(len(raw), at + draw(st.integers(0, 60)))
        match draw(st.integers(0, 7)):
            case 0:
                raw = raw[:at]
            case 1:
                raw = raw[:at] + raw[end:]
            case 2:
                raw = raw[:at] + draw(st.sampled_from(_MARKS)) + raw[at:]
            case 3:
                raw = raw[:at] + draw(st.binary(max_size=20)) + raw[end:]
            case 4:
                raw = raw[:end] + raw[at:]  # a stretch stands there twice
            case 5:
                raw = raw[:at] + draw(st.sampled_from(_MARKS)) + raw[end:]
            case 6:
                bits = draw(st.integers(1, 255))
                raw = (
                    raw[:at] + bytes(b ^ bits for b in raw[at : at + 1]) + raw[at + 1 :]
                )
            case _:
                text = raw.decode("utf-8", "replace")
                raw = text.encode(draw(st.sampled_from(_ENCODINGS)), "replace")
    return Raw(raw)


def odd_json(document: Any) -> st.SearchStrategy[Any]:
    """Put values of wrong kind, size or sign anywhere into a good document."""
    places = list(_places(document))

    @st.composite
    def spoiled(draw: st.DrawFn) -> Any:
        made = json.loads(json.dumps(document))
        for place in draw(st.lists(st.sampled_from(places), min_size=1, max_size=3)):
            made = _put(made, place, draw(_VALUES))
        return made

    return spoiled()


def as_json(value: Any) -> bytes:
    """Write as JSON what Python's own reader takes, NaN and lone surrogates too."""
    return Raw(json.dumps(value).encode())


_ABSENT = object()
_VALUES = st.one_of(
    st.sampled_from(
        [None, True, 0, -1, -5, 10**400, 1e308, float("nan"), float("inf"), "", "\0",
         "\ud800", "..", "../../up", "/etc/passwd", "drops/../x", "a" * 3000, [], {},
         [[]], {"": None}, "2026-01-01", "\r\nX: y", _ABSENT]
    ),
    st.integers(), st.floats(), st.text(max_size=20),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)  # fmt: skip


def _places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield above
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _places(inner, (*above, name))
    elif isinstance(value, list):
        for row, inner in enumerate(value[:3]):
            yield from _places(inner, (*above, row))


def _put(document: Any, place: tuple[Any, ...], value: Any) -> Any:
    if not place:
        return None if value is _ABSENT else value
    inner = document
    for name in place[:-1]:
        if not _has(inner, name):
            return document  # an earlier change took it away
        inner = inner[name]
    if _has(inner, place[-1]):
        if value is _ABSENT:
            del inner[place[-1]]
        else:
            inner[place[-1]] = value
    return document


def _has(inner: Any, name: Any) -> bool:
    if isinstance(inner, dict):
        return name in inner
    return isinstance(inner, list) and isinstance(name, int) and name < len(inner)
