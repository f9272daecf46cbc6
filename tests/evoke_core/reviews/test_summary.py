"""Who won how often, by whom it was judged, and with what certainty."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from evoke_core.reviews.ballot import Ballot, Choice
from evoke_core.reviews.curated import Said
from evoke_core.reviews.summary import (
    ab_summary,
    agreement_summary,
    rates_frame,
    reviews_as_json,
    wilson_interval,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def ballot(
    rater, said, *, background="neither", bridge="ridge", days=0, rival="random"
):
    at = NOW + timedelta(days=days)
    choices = [
        Choice("study-1", trial, real, rival, bridge, at)
        for trial, real in enumerate(said, 1)
    ]
    return Ballot(f"{rater}{days}", rater, background, (), tuple(choices))


def test_the_interval_is_wilsons():
    # (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n) with p = .8, n = 10, z = 1.96
    assert wilson_interval(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    low, high = wilson_interval(0, 5)
    assert low == pytest.approx(0.0, abs=1e-9)
    assert high == pytest.approx(0.4345, abs=1e-4)


def test_wins_trials_and_raters_are_counted_by_background():
    rates = ab_summary(
        [
            ballot("ann", [True, True, False], background="musician"),
            ballot("bo", [True, None], background="designer"),
        ]
    )
    everyone = rates["random", "ridge", "all"]
    assert (everyone.wins, everyone.trials) == (3, 4)
    assert (everyone.unsure, everyone.raters) == (1, 2)
    assert everyone.low < everyone.value == 0.75 < everyone.high
    assert rates["random", "ridge", "musician"].trials == 3
    assert rates["random", "ridge", "designer"].value == 1.0
    assert set(rates) == {
        ("random", "ridge", name) for name in ("all", "musician", "designer")
    }


def test_a_trial_that_was_judged_again_counts_by_its_last_answer():
    rates = ab_summary([ballot("ann", [True], days=1), ballot("ann", [False])])
    assert rates["random", "ridge", "all"].wins == 1
    assert rates["random", "ridge", "all"].trials == 1


def test_boards_of_another_bridge_or_against_another_rival_stand_apart():
    rates = ab_summary(
        [
            ballot("ann", [True]),
            ballot("bo", [False], bridge="linear"),
            ballot("cy", [False], rival="other_track"),
        ]
    )
    values = {key: rate.value for key, rate in rates.items() if key[2] == "all"}
    assert values == {
        ("random", "ridge", "all"): 1.0,
        ("random", "linear", "all"): 0.0,
        ("other_track", "ridge", "all"): 0.0,
    }


def test_agreement_is_measured_among_all_and_among_each_background():
    def said(rater, background, fits):
        return Said(rater, background, fits, NOW)

    words = {
        ("t", "p"): [
            said("ann", "musician", True),
            said("bo", "musician", True),
            said("cy", "designer", False),
        ],
        ("t", "q"): [
            said("ann", "musician", False),
            said("bo", "musician", False),
            said("cy", "designer", True),
        ],
    }
    alphas = agreement_summary(words)
    assert alphas["musician"].value == 1.0
    assert alphas["designer"].n == 0
    # coincidences of TTF and FFT: 1 and 1 agree, 2 and 2 differ; n 6, three of each:
    # observed 4, expected (36 - 18) / 5 = 3.6
    assert alphas["all"].value == pytest.approx(1 - 4 / 3.6)


def test_the_summary_is_plain_json_with_null_for_what_is_not_known():
    rates = ab_summary([ballot("ann", [None])])
    summary = reviews_as_json(rates, agreement_summary({}))
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    assert summary["boards"][0]["value"] is None
    assert summary["alpha"]["all"] == {"value": None, "low": None, "high": None, "n": 0}
    assert rates_frame(rates).height == 0
