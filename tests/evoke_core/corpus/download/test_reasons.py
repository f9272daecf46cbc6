"""Retry-After is read in both of its forms, and nonsense means no wait."""

import pytest

from evoke_core.corpus.download.reasons import (
    PERMANENT,
    TRANSIENT,
    refused_for_status,
    retry_after_s,
)

NOON_S = 1_704_110_400.0  # 1 January 2024, 12:00:00 UTC


@pytest.mark.parametrize(
    ("value", "wait_s"),
    [
        (None, 0.0),
        ("", 0.0),
        ("0", 0.0),
        (" 120 ", 120.0),
        ("-5", 0.0),
        ("1.5", 0.0),
        ("soon", 0.0),
        ("\u0661", 0.0),
        ("Mon, 01 Jan 2024 12:00:30 GMT", 30.0),
        ("Mon, 01 Jan 2024 11:00:00 GMT", 0.0),
        ("Mon, 99 Jan 2024 11:00:00 GMT", 0.0),
    ],
)
def test_a_wait_is_read_in_seconds_and_as_a_date(value: str | None, wait_s: float):
    assert retry_after_s(value, now_s=NOON_S) == wait_s


def test_every_status_has_a_known_reason_and_few_of_them_pass():
    refused = {status: refused_for_status(status, "a") for status in range(201, 600)}

    assert {one.reason for one in refused.values()} <= TRANSIENT | PERMANENT
    passing = {status for status, one in refused.items() if one.reason in TRANSIENT}
    assert passing == {408, 425, 429, *range(500, 600)}


def test_a_reason_either_passes_or_stays():
    assert not TRANSIENT & PERMANENT
