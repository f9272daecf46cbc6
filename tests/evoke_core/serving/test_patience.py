"""What passes by itself is tried again, within bounds; what does not is raised."""

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from evoke_core.config.drops import PatienceRules
from evoke_core.errors import (
    BoardError,
    IndexUnavailable,
    IndexUnreachable,
    TrackRefused,
)
from evoke_core.serving.patience import Patience, is_transient


def answer(status, code="Any"):
    told = {
        "Error": {"Code": code},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(told, "GetObject")


@pytest.mark.parametrize(
    "error",
    [
        answer(500),
        answer(503, "SlowDown"),
        answer(400, "RequestTimeout"),
        answer(429),
        ConnectTimeoutError(endpoint_url="http://127.0.0.1"),
        ConnectionResetError("reset"),
        IndexUnreachable("another process holds it"),
        TrackRefused("rate_limited", "the host is busy"),
    ],
)
def test_what_is_away_or_busy_may_pass(error):
    assert is_transient(error)


@pytest.mark.parametrize(
    "error",
    [
        answer(403, "AccessDenied"),
        answer(404, "NoSuchBucket"),
        IndexUnavailable("made by another encoder"),
        TrackRefused("silent", "it is silent"),
        BoardError("no picture"),
        KeyError("gone"),
        ValueError("a bug"),
    ],
)
def test_what_stays_wrong_does_not_pass(error):
    assert not is_transient(error)


def failing(times, error):
    calls = []

    def action():
        calls.append(1)
        if len(calls) <= times:
            raise error
        return len(calls)

    return action, calls


def test_waits_grow_up_to_their_limit_and_are_random():
    waits = []
    rules = PatienceRules(attempts=8, backoff_s=1, max_backoff_s=8, budget_s=1000)
    action, _ = failing(7, answer(503))
    assert Patience(rules, waits.append).insist(action) == 8
    for wait_s, longest_s in zip(waits, (1, 2, 4, 8, 8, 8, 8), strict=True):
        assert 0 < wait_s < longest_s
    assert len(set(waits)) == 7


def test_the_last_failure_is_raised():
    action, calls = failing(99, answer(503))
    with pytest.raises(ClientError):
        Patience(PatienceRules(attempts=3), lambda _: None).insist(action)
    assert len(calls) == 3


def test_a_failure_that_stays_is_raised_at_once():
    action, calls = failing(99, ValueError("a bug"))
    with pytest.raises(ValueError, match="a bug"):
        Patience(PatienceRules(), lambda _: None).insist(action)
    assert len(calls) == 1


def test_a_run_waits_no_longer_than_its_budget():
    waits = []
    patience = Patience(PatienceRules(attempts=4, budget_s=10), waits.append)
    calls = 0
    for _ in range(50):
        action, tried = failing(99, answer(503))
        with pytest.raises(ClientError):
            patience.insist(action)
        calls += len(tried)
    assert patience.is_spent
    assert 10 <= sum(waits) <= 10 + 4
    assert calls < 50 + 20  # once it is spent, each is tried once
