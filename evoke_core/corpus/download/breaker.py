"""A circuit breaker: a host that fails all alike is left alone for a while.

It knows no clock of its own and no host; both are given.
Source: M. Nygard, Release It!, 2nd edition, chapter 5.
"""

from collections import Counter, deque
from dataclasses import dataclass, field

# Without the picture's own no: the host answered as it should.
_NOT_A_FAILURE = frozenset({"opted_out"})


@dataclass(slots=True)
class CircuitBreaker:
    """Outcomes of one host, and whether it may be asked.

    Attributes:
        window: Latest outcomes that count; none is judged by fewer.
        share: Opens when more than this share of them failed for one reason.
        pause_s: Time from opening until one probe is let through.
        cause: The reason that it is open for; None while it is closed.
    """

    window: int
    share: float
    pause_s: float
    cause: str | None = None
    _recent: deque[str | None] = field(default_factory=deque)
    _probe_at_s: float = 0.0

    def admits(self, now_s: float) -> bool:
        """Say whether a request may go now; an open circuit lets one probe through.

        Args:
            now_s: Of any clock that never goes back.
        """
        if self.cause is None:
            return True
        if now_s < self._probe_at_s:
            return False
        # Until the probe has ended, or was lost, nobody else follows it.
        self._probe_at_s = now_s + max(self.pause_s, 1.0)
        return True

    def record(self, reason: str | None, now_s: float) -> None:
        """Take note of an outcome; None is success."""
        failure = None if reason in _NOT_A_FAILURE else reason
        if self.cause is not None:
            self._judge_probe(failure, now_s)
            return
        self._recent.append(failure)
        if len(self._recent) > self.window:
            self._recent.popleft()
        worst, count = self._most_common()
        # All of them is enough whatever the share: nothing lies above 1.0.
        if count > self.share * self.window or count == self.window:
            self.cause = worst
            self._probe_at_s = now_s + self.pause_s

    def _judge_probe(self, failure: str | None, now_s: float) -> None:
        # What was under way when it opened ends here too: its failure is no news,
        # its success is as good as a probe's.
        if failure is None:
            self.cause = None
            self._recent.clear()
        else:
            self._probe_at_s = max(self._probe_at_s, now_s + self.pause_s)

    def _most_common(self) -> tuple[str | None, int]:
        failures = Counter(reason for reason in self._recent if reason is not None)
        if not failures or len(self._recent) < self.window:
            return None, 0
        return failures.most_common(1)[0]
