"""How drops share runs: many new ones, few of those whose run broke.

A run covers a range of partitions in the order in which they were added, so drops that
share one must lie side by side in that order, with nothing else between.

One song that kills its process would take a whole burst with it three times over. So
what was in a broken run goes on in small company, then alone: the innocent are served,
and the culprit rests.
"""

from collections.abc import Sequence
from itertools import groupby

from evoke_core.drops.tick import Ask, TickRules

RUNS = 4  # asked for in one tick
_COMPANY = (10, 1)  # drops in a run after the first broken one, after the second ...


def batches(
    asks: Sequence[Ask], known: Sequence[str], rules: TickRules
) -> list[tuple[Ask, ...]]:
    """Cut what a tick asks for into runs.

    Args:
        asks: What wants a run.
        known: Partitions in the order in which they were added.
        rules: Bounds.

    Returns:
        Disjoint runs, at most RUNS: new drops first, to be added as partitions in this
        order; what found no place is asked for at a later tick.
    """
    place = {drop_id: row for row, drop_id in enumerate(known)}
    new = [ask for ask in asks if ask.drop.drop_id not in place]
    old = sorted(
        (ask for ask in asks if ask.drop.drop_id in place),
        key=lambda ask: (ask.tries, place[ask.drop.drop_id]),
    )
    runs = _cut([ask for ask in new if not ask.tries], rules.drops)
    # A partition that was retired comes back at the end, beside strangers.
    runs += [(ask,) for ask in new if ask.tries]
    # Side by side, place and row grow alike.
    for (tries, _), group in groupby(
        enumerate(old), key=lambda at: (at[1].tries, place[at[1].drop.drop_id] - at[0])
    ):
        runs += _cut([ask for _, ask in group], _company(tries, rules))
    return runs[:RUNS]


def _cut(asks: Sequence[Ask], size: int) -> list[tuple[Ask, ...]]:
    return [tuple(asks[at : at + size]) for at in range(0, len(asks), size)]


def _company(tries: int, rules: TickRules) -> int:
    return (rules.drops, *_COMPANY)[min(tries, len(_COMPANY))]
