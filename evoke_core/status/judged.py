"""The bridge report as rows to look at: who serves, how well, and against what.

Measuring is `bridge.report`, deciding `bridge.gate`.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evoke_core.bridge.gate import CONTROLS, JUDGED_BY, best_of, has_learned
from evoke_core.evaluation import Figure
from evoke_core.latest import BRIDGE_REPORT
from evoke_core.storage.store import Store

_TRUTHS = {
    "planted": "Truth is what was planted in the painted pictures and rendered music, "
    "never the tags that trained anything.",
    "tags": "Truth is derived from the same tags that trained the bridge: this shows "
    "that it learned them, not that people agree.",
}


@dataclass(frozen=True, slots=True)
class Rival:
    """One way from music to pictures.

    Args:
        kind: Its name.
        serves: Whether boards are made by it.
        is_ours: Whether it is the bridge, in any form.
        is_control: Whether it answers without listening.
        figures: By metric of JUDGED_BY; only what could be measured.
    """

    kind: str
    serves: bool
    is_ours: bool
    is_control: bool
    figures: Mapping[str, Figure]


@dataclass(frozen=True, slots=True)
class Judged:
    """The report.

    Args:
        truth: What it was judged by, as a sentence.
        tracks: Judged.
        rivals: The best in the first metric first.
        finding: One sentence.
        has_learned: Whether the best beats every answer that ignores the song.
    """

    truth: str
    tracks: int
    rivals: tuple[Rival, ...]
    finding: str
    has_learned: bool


def read_judged(store: Store, serves: str | None) -> Judged | None:
    """Read the bridge report; None where there is none, or none that can be read.

    Args:
        store: Where it lies.
        serves: Kind that the release serves, if there is one.
    """
    try:
        told = json.loads(store.read(BRIDGE_REPORT))
        asked = told["figures"]["label"]["music_to_image"]
        figures = {str(kind): _figures(each) for kind, each in asked.items()}
        return _judged(str(told["truth"]), figures, serves)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _judged(
    truth: str, figures: Mapping[str, Mapping[str, Figure]], serves: str | None
) -> Judged:
    rivals = [
        Rival(
            kind=kind,
            serves=kind == serves,
            is_ours="bridge" in kind,
            is_control=kind in CONTROLS,
            figures={m: f for m, f in each.items() if math.isfinite(f.value)},
        )
        for kind, each in figures.items()
    ]
    rivals.sort(key=lambda rival: (-_first(rival), rival.kind))
    return Judged(
        truth=_TRUTHS.get(truth, f"Truth: {truth}."),
        tracks=max(
            (f.n for each in figures.values() for f in each.values()), default=0
        ),
        rivals=tuple(rivals),
        finding=_finding(figures),
        has_learned=has_learned(figures[best_of(figures)], figures),
    )


def _finding(figures: Mapping[str, Mapping[str, Figure]]) -> str:
    best = best_of(figures)
    if not has_learned(figures[best], figures):
        return f"{best} is no better than an answer that ignores the song."
    ours = [kind for kind in figures if "bridge" in kind and kind != best]
    level = [
        kind
        for kind in ours
        if all(
            figures[kind][m].overlaps_or_exceeds(figures[best][m]) for m in JUDGED_BY
        )
    ]
    beats = f"{best} is best and beats every answer that ignores the song"
    if "bridge" in best or not ours:
        return f"{beats}."
    if level:
        return f"{beats}; {level[0]} is level with it within the intervals."
    return f"{beats}; {ours[0]} is behind it."


def _figures(each: Mapping[str, Any]) -> dict[str, Figure]:
    return {metric: Figure(**each[metric]) for metric in JUDGED_BY}


def _first(rival: Rival) -> float:
    figure = rival.figures.get(JUDGED_BY[0])
    return figure.value if figure else -math.inf
