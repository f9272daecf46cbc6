"""Waiting for what passes by itself: a store, an index or a host that is away.

A step of a run can't do this: repeated as a whole it would repeat its whole burst. What
does not pass (a refusal, a wrong release, a bug) is raised at once.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from evoke_core.config.drops import PatienceRules
from evoke_core.corpus.download.reasons import TRANSIENT
from evoke_core.errors import IndexUnreachable, TrackRefused

Made = TypeVar("Made")

_SERVER_ERROR = 500
_TOO_MANY_REQUESTS = 429
# S3-compatible servers send some of them with a status of 400 or 503.
_THROTTLED = frozenset(
    (
        "InternalError", "RequestLimitExceeded", "RequestTimeout", "ServiceUnavailable",
        "SlowDown", "Throttling", "ThrottlingException", "TooManyRequestsException",
    )
)  # fmt: skip


@dataclass(slots=True)
class Patience:
    """Tries again and keeps count of the seconds that a run has waited.

    Args:
        rules: How long.
        sleep: Waits so many seconds.
    """

    rules: PatienceRules
    sleep: Callable[[float], None] = time.sleep
    waited_s: float = 0.0
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.rules.seed)  # noqa: S311 (spreads load)

    def insist(self, action: Callable[[], Made]) -> Made:
        """Do something that may be done twice, again where its failure can pass.

        Raises:
            Exception: What the last try raised.

        Source: "full jitter", Brooker, Exponential Backoff And Jitter, AWS 2015.
        """
        for attempt in range(1, self.rules.attempts):
            try:
                return action()
            except Exception as wrong:
                if self.is_spent or not is_transient(wrong):
                    raise
            self._wait(attempt)
        return action()

    @property
    def is_spent(self) -> bool:
        """Whether the run has waited as long as it may."""
        return self.waited_s >= self.rules.budget_s

    def _wait(self, attempt: int) -> None:
        longest = self.rules.backoff_s * 2 ** (attempt - 1)
        wait_s = self._random.uniform(0, min(longest, self.rules.max_backoff_s))
        self.waited_s += wait_s
        self.sleep(wait_s)


def is_transient(error: BaseException) -> bool:
    """Say whether another try may end otherwise.

    True of S3's own errors and throttling, of connections that break, of an index that
    is away, and of a link whose host is.
    """
    if isinstance(error, TrackRefused):
        return error.reason in TRANSIENT
    if isinstance(error, (IndexUnreachable, ConnectionError)):
        return True
    from botocore.exceptions import ClientError, HTTPClientError
    from botocore.exceptions import ConnectionError as NoConnection

    if isinstance(error, ClientError):
        said = error.response.get("Error", {}).get("Code", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return (
            said in _THROTTLED
            or status == _TOO_MANY_REQUESTS
            or status >= _SERVER_ERROR
        )
    return isinstance(error, (HTTPClientError, NoConnection))
