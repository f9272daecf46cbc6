"""Which pictures a quota takes: the same ones at every run, even over the strata.

Within a stratum pictures stand in the order of a keyed digest, so that neither the
collection's order nor its size decides; the strata are then dealt one picture each,
round by round. A quota takes the head of that one order: a larger quota keeps what a
smaller one took, and a stratum that runs out hands its share on. What is listed is the
readers' business (`corpus/sources`), what is fit to be shown the curation's.
"""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter

from evoke_core.corpus.listed import Listed

_Dealt = tuple[bytes, bytes, Listed]  # digest of the stratum, of the picture, picture
_SLACK = 4096  # pictures held beyond twice the quota, so that small ones rarely sort


def take(listed: Iterable[Listed], quota: int | None, seed: int) -> list[Listed]:
    """Take a stratified choice of pictures that depends on nothing but its arguments.

    At most 2 x quota + 4,096 pictures are held at once: a picture's place in the order
    only moves back as more are seen, so one that has fallen behind the quota never
    returns.

    Args:
        listed: Pictures with distinct source keys, in any order; read once.
        quota: Most pictures to take; None takes all.
        seed: Decides which ones.

    Returns:
        The pictures in the order in which they are dealt: `take(p, m, s)` is the head
        of `take(p, n, s)` for m <= n.
    """
    held: list[_Dealt] = []
    for one in listed:
        held.append(
            (
                _digest(seed, f"stratum {one.stratum}"),
                _digest(seed, f"picture {one.source_key}"),
                one,
            )
        )
        if quota is not None and len(held) >= 2 * quota + _SLACK:
            held = _deal(held)[:quota]
    return [one for _, _, one in _deal(held)[:quota]]


def _deal(held: list[_Dealt]) -> list[_Dealt]:
    """Order pictures by their round, and within a round by their stratum."""
    held.sort(key=itemgetter(0, 1))
    return [dealt for _, dealt in sorted(_rounds(held), key=itemgetter(0))]


def _rounds(held: list[_Dealt]) -> Iterator[tuple[int, _Dealt]]:
    for _, stratum in groupby(held, key=itemgetter(0)):
        yield from enumerate(stratum)


def _digest(seed: int, text: str) -> bytes:
    content = text.encode(errors="surrogatepass")
    return hashlib.blake2b(content, digest_size=16, key=str(seed).encode()).digest()
