"""The gate, on figures that overlap or don't."""

import math

import pytest

from evoke_core.bridge.gate import JUDGED_BY, decide
from evoke_core.evaluation import Figure


def figures(value, *, width=0.05, **others):
    values = {**dict.fromkeys(JUDGED_BY, value), **others}
    return {m: Figure(v, v - width, v + width, 40) for m, v in values.items()}


def test_the_first_release_serves_the_best_of_bridge_and_baselines():
    found = decide({"bridge": figures(0.5), "ridge": figures(0.6)}, None)
    assert (found.serves, found.is_new) == ("ridge", True)
    assert found.reason == "ridge is the best that there is: first release"
    other_way = decide({"bridge": figures(0.6), "ridge": figures(0.5)}, None)
    assert other_way.serves == "bridge"


def test_a_candidate_that_is_better_beyond_the_interval_serves():
    found = decide({"bridge": figures(0.6)}, ("ridge", figures(0.5)))
    assert (found.serves, found.is_new) == ("bridge", True)
    assert "better in mrr, precision_at_5, auc" in found.reason


def test_better_in_one_figure_is_enough_where_none_is_worse():
    found = decide({"bridge": figures(0.5, auc=0.6)}, ("ridge", figures(0.5)))
    assert found.is_new
    assert found.reason.endswith("better in auc")


def test_a_candidate_that_is_worse_somewhere_is_refused():
    found = decide({"bridge": figures(0.9, auc=0.4)}, ("ridge", figures(0.5)))
    assert (found.serves, found.is_new) == ("ridge", False)
    assert found.reason == "bridge is worse in auc; refused"
    poor = figures(0.9, mrr=0.4, auc=0.4)
    assert "worse in mrr, auc;" in decide({"bridge": poor}, ("r", figures(0.5))).reason


def test_what_serves_stays_where_the_candidate_is_nowhere_better():
    found = decide({"bridge": figures(0.54)}, ("ridge", figures(0.5)))
    assert (found.serves, found.is_new) == ("ridge", False)
    assert "nowhere better" in found.reason


def test_equal_candidates_are_decided_the_same_way_each_time():
    one = decide({"cca": figures(0.5), "ridge": figures(0.5)}, None)
    other = decide({"ridge": figures(0.5), "cca": figures(0.5)}, None)
    assert one == other


@pytest.mark.parametrize("order", [("unheard", "tags"), ("tags", "unheard")])
def test_a_candidate_without_figures_never_beats_one_that_has_them(order):
    named = {"unheard": figures(math.nan), "tags": figures(0.1)}
    found = decide({kind: named[kind] for kind in order}, None)
    assert found.serves == "tags"


@pytest.mark.parametrize("control", ["chance", "mean"])
def test_a_control_never_serves_however_well_a_small_truth_flatters_it(control):
    found = decide({control: figures(0.9, width=0.001), "tags": figures(0.4)}, None)
    assert found.serves == "tags"


def test_a_metric_counts_as_precisely_as_it_is_measured():
    wide, narrow = 0.2, 0.01
    sharp = {
        "mrr": Figure(0.50, 0.50 - wide, 0.50 + wide, 40),
        "precision_at_5": Figure(0.4, 0.4 - wide, 0.4 + wide, 40),
        "auc": Figure(0.65, 0.65 - narrow, 0.65 + narrow, 40),
    }
    lucky = sharp | {
        "mrr": Figure(0.57, 0.57 - wide, 0.57 + wide, 40),
        "auc": Figure(0.60, 0.60 - narrow, 0.60 + narrow, 40),
    }
    assert decide({"lucky": lucky, "sharp": sharp}, None).serves == "sharp"


def test_who_has_no_figure_makes_no_metric_count_for_more_or_less():
    # by 0.06 in auc against 0.05 in mrr, all measured as precisely
    found = decide(
        {
            "ahead": figures(0.5, auc=0.56),
            "behind": figures(0.5, mrr=0.55),
            "unheard": figures(0.4, mrr=math.nan),
        },
        None,
    )
    assert found.serves == "ahead"


def test_a_candidate_that_beats_no_control_gives_way_to_one_that_does():
    vague = {"mrr": 0.3, "precision_at_5": 0.3, "auc": 0.01}
    chance = {m: Figure(0.5, 0.5 - w, 0.5 + w, 40) for m, w in vague.items()}
    flattered = figures(0.79, auc=0.505)  # within each interval of chance
    honest = figures(0.4, auc=0.52)
    found = decide({"a": honest, "b": flattered, "chance": chance}, None)
    assert (found.serves, found.is_proven) == ("a", True)


def test_a_candidate_no_better_than_chance_fails_and_a_rival_serves():
    found = decide(
        {"chance": figures(0.5), "bridge": figures(0.54), "tags": figures(0.6)}, None
    )
    assert (found.serves, found.is_proven) == ("tags", True)


def test_where_nothing_beats_the_controls_what_serves_stays():
    everything = {"chance": figures(0.5), "mean": figures(0.5), "bridge": figures(0.5)}
    found = decide(everything, ("tags", figures(0.1)))
    assert (found.serves, found.is_new) == ("tags", False)
    assert "ignores the song; refused" in found.reason


def test_a_first_release_that_beats_nothing_says_that_it_is_unproven():
    found = decide({"mean": figures(0.5), "bridge": figures(0.5)}, None)
    assert (found.serves, found.is_new, found.is_proven) == ("bridge", True, False)
    assert "unproven" in found.reason


def test_where_everything_fits_everything_nothing_is_proven_and_what_serves_stays():
    perfect = figures(1.0, width=0.0, auc=math.nan)  # there is nothing to outscore
    everything = {"chance": perfect, "mean": perfect, "bridge": perfect}
    assert not decide(everything, None).is_proven
    assert not decide(everything, ("tags", perfect)).is_new
    found = decide({"bridge": perfect}, ("tags", perfect))
    assert found.reason == "bridge is nowhere better; tags goes on serving"
