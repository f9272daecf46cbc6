"""What the reviews say of the boards: who won how often, and how far raters agree.

Figures with their n and 95 % interval, ready for the bridge report. The pairs
themselves are `curated`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from math import isnan
from typing import Any

import polars as pl

from evoke_core.evaluation import Figure
from evoke_core.reviews.agreement import krippendorff_alpha
from evoke_core.reviews.ballot import Ballot, Choice
from evoke_core.reviews.curated import Pair, Said
from evoke_core.reviews.verdict import BACKGROUNDS

ALL = "all"
Key = tuple[str, str, str]  # rival, bridge, background


@dataclass(frozen=True, slots=True)
class WinRate:
    """How often the song's own board was chosen.

    Args:
        value: wins / trials; NaN without trials.
        low: Of Wilson's 95 % interval, which takes trials as independent; with few
            raters it is too narrow, so read it beside `raters`.
        high: Of the same.
        wins: Trials in which the real board was chosen.
        trials: Answers that chose a board.
        unsure: Answers that chose none; they are not trials.
        raters: People behind the trials.
    """

    value: float
    low: float
    high: float
    wins: int
    trials: int
    unsure: int
    raters: int


def ab_summary(ballots: Iterable[Ballot]) -> dict[Key, WinRate]:
    """Count how often real boards beat their rivals, blind.

    Args:
        ballots: In any order; a rater's last answer to a trial counts.

    Returns:
        By (rival, bridge, background), "all" backgrounds first; boards of different
        bridges or against different rivals are never thrown together.
    """
    last = _last_choices(ballots)
    keys = sorted({(one.rival, one.bridge) for _, _, one in last})
    return {
        (rival, bridge, background): _win_rate(chosen)
        for rival, bridge in keys
        for background in (ALL, *BACKGROUNDS)
        if (
            chosen := [
                (rater, choice)
                for rater, theirs, choice in last
                if (choice.rival, choice.bridge) == (rival, bridge)
                and background in (ALL, theirs)
            ]
        )
    }


def agreement_summary(
    words: Mapping[Pair, list[Said]], *, seed: int = 0
) -> dict[str, Figure]:
    """Measure Krippendorff's alpha of the votes, for all and among each background.

    Args:
        words: Of `last_words`.
        seed: Of the bootstrap over pairs.
    """
    return {
        background: krippendorff_alpha(
            (
                [one.is_match for one in said if background in (ALL, one.background)]
                for said in words.values()
            ),
            seed=seed,
        )
        for background in (ALL, *BACKGROUNDS)
    }


def wilson_interval(wins: int, trials: int) -> tuple[float, float]:
    """Return Wilson's 95 % score interval of a share (Wilson, JASA 1927)."""
    from scipy.stats import binomtest

    interval = binomtest(wins, trials).proportion_ci(0.95, method="wilson")
    return float(interval.low), float(interval.high)


def rates_frame(rates: Mapping[Key, WinRate]) -> pl.DataFrame:
    """Lay win rates out for people, one row a rival, bridge and background."""
    return pl.DataFrame(
        [
            {
                "against": rival,
                "bridge": bridge,
                "raters_are": background,
                "real_preferred": (
                    f"{rate.value:.2f} ({rate.low:.2f} to {rate.high:.2f})"
                ),
                "trials": rate.trials,
                "raters": rate.raters,
                "unsure": rate.unsure,
            }
            for (rival, bridge, background), rate in rates.items()
            if rate.trials
        ]
    )


def reviews_as_json(
    rates: Mapping[Key, WinRate], alphas: Mapping[str, Figure]
) -> dict[str, Any]:
    """Write both as plain JSON; a figure that nothing speaks for is null."""
    return {
        "schema": "evoke.reviews/1",
        "boards": [
            {"rival": rival, "bridge": bridge, "background": background}
            | _without_nan(asdict(rate))
            for (rival, bridge, background), rate in rates.items()
        ],
        "alpha": {name: _without_nan(asdict(one)) for name, one in alphas.items()},
    }


def _last_choices(ballots: Iterable[Ballot]) -> list[tuple[str, str, Choice]]:
    cast = [(choice, ballot) for ballot in ballots for choice in ballot.choices]
    last = {
        (ballot.rater, choice.study_id, choice.trial): (ballot.background, choice)
        for choice, ballot in sorted(cast, key=lambda one: (one[0].at, one[1].digest))
    }
    return [
        (rater, background, choice)
        for (rater, _, _), (background, choice) in sorted(
            last.items(), key=lambda item: item[0]
        )
    ]


def _win_rate(chosen: list[tuple[str, Choice]]) -> WinRate:
    decided = [(who, one.is_real) for who, one in chosen if one.is_real is not None]
    wins, trials = sum(real for _, real in decided), len(decided)
    low, high = wilson_interval(wins, trials) if trials else (float("nan"),) * 2
    return WinRate(
        value=wins / trials if trials else float("nan"),
        low=low,
        high=high,
        wins=wins,
        trials=trials,
        unsure=len(chosen) - trials,
        raters=len({who for who, _ in decided}),
    )


def _without_nan(figures: dict[str, Any]) -> dict[str, Any]:
    return {name: None if isnan(value) else value for name, value in figures.items()}
