"""How a dropped song ended: what a run tells of it, and what the ledger will say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from evoke_core.drops import ledger
from evoke_core.drops.drop import Drop

Outcome = Literal["board", "refused", "gone", "broken"]


@dataclass(frozen=True, slots=True)
class Served:
    """How one drop ended.

    Args:
        drop: The song.
        outcome: `broken` is an error of ours: the drop stays due.
        page: Store key of its board; None where there is none from this run.
        reason: Stable word, None if there is a board.
        message: The same for people.
        notes: What a reader of the board should know.
        spent: Seconds by what they were spent on; empty where the board stood.
        document: Of the board that was made; None where it stood or there is none.
        settled: Outcome and place for the ledger; None where the drop stays due, or
            its ledger entry stands.
        error: What broke.
    """

    drop: Drop
    outcome: Outcome
    page: str | None = None
    reason: str | None = None
    message: str | None = None
    notes: tuple[str, ...] = ()
    spent: Mapping[str, float] = field(default_factory=dict)
    document: Mapping[str, Any] | None = None
    error: Exception | None = None
    settled: tuple[ledger.Outcome, str] | None = None

    @property
    def seconds(self) -> float:
        """Seconds spent on it; 0 where the board already stood."""
        return sum(self.spent.values())
