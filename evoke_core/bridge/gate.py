"""Which projection may serve: judged on truth, never on the tags that trained it."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from evoke_core.evaluation import Figure

Figures = Mapping[str, Figure]

# What a served projection is judged by; the rest of the report explains it.
JUDGED_BY = ("mrr", "precision_at_5", "auc")

# They answer every song alike, or without listening.
CONTROLS = ("chance", "mean")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate decided.

    Args:
        serves: Kind of the projection that serves from now on.
        is_new: False where the serving projection stays.
        reason: One sentence for people.
        is_proven: False where nothing was better than an answer that ignores the song.
    """

    serves: str
    is_new: bool
    reason: str
    is_proven: bool = True


def decide(
    candidates: Mapping[str, Figures],
    serving: tuple[str, Figures] | None,
) -> Verdict:
    """Let the best candidate serve, unless what serves already is as good.

    A candidate that is not better than an answer that ignores the song has learned
    nothing, whatever it was fitted on: it fails. Where all fail, what serves stays; the
    first release has no choice, and its verdict says that it is unproven.

    Args:
        candidates: Figures of the bridge and its rivals, by kind.
        serving: Kind and figures of the serving projection, if there is one that the
            present encoders can use.
    """
    best = best_of(candidates)
    figures = candidates[best]
    if not has_learned(figures, candidates):
        reason = f"{best} is no better than an answer that ignores the song"
        if serving is not None:
            return _keep(serving[0], f"{reason}; refused")
        unproven = f"{reason}: unproven, serves for want of any other"
        return Verdict(best, is_new=True, reason=unproven, is_proven=False)
    if serving is None:
        return _accept(best, "is the best that there is: first release")
    kind, standing = serving
    worse = [m for m in JUDGED_BY if not figures[m].overlaps_or_exceeds(standing[m])]
    better = [m for m in JUDGED_BY if figures[m].exceeds(standing[m])]
    if worse:
        return _keep(kind, f"{best} is worse in {', '.join(worse)}; refused")
    if not better:
        return _keep(kind, f"{best} is nowhere better; {kind} goes on serving")
    return _accept(best, f"is better in {', '.join(better)}")


def best_of(candidates: Mapping[str, Figures]) -> str:
    """Name the best candidate that hears the song.

    Each metric counts as precisely as it is measured: by the mean width of its interval
    over all candidates. Controls are shown in the report and never serve, however a
    small truth may flatter them: a board that is the same for every song is none.
    Candidates that fail against the controls come in only where all do.
    """
    heard = {kind: f for kind, f in candidates.items() if kind not in CONTROLS}
    learned = {k: f for k, f in heard.items() if has_learned(f, candidates)}
    serious = learned or heard
    widths = {metric: _width(metric, serious.values()) for metric in JUDGED_BY}
    return max(serious, key=lambda kind: (_overall(serious[kind], widths), kind))


def has_learned(figures: Figures, candidates: Mapping[str, Figures]) -> bool:
    """Say whether figures exceed each control's somewhere, beyond its interval."""
    controls = [candidates[kind] for kind in CONTROLS if kind in candidates]
    return all(
        any(figures[m].exceeds(control[m]) for m in JUDGED_BY)
        for control in controls
        if not all(math.isnan(control[m].value) for m in JUDGED_BY)
    )


def _accept(kind: str, reason: str) -> Verdict:
    return Verdict(serves=kind, is_new=True, reason=f"{kind} {reason}")


def _keep(kind: str, reason: str) -> Verdict:
    return Verdict(serves=kind, is_new=False, reason=reason)


def _width(metric: str, candidates: Collection[Figures]) -> float:
    widths = [figures[metric].high - figures[metric].low for figures in candidates]
    known = [width for width in widths if not math.isnan(width)]
    return max(sum(known) / max(len(known), 1), 1e-3)


def _overall(figures: Figures, widths: Mapping[str, float]) -> float:
    overall = sum(figures[metric].value / widths[metric] for metric in JUDGED_BY)
    return -math.inf if math.isnan(overall) else overall  # nothing could be judged
