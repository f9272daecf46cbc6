"""People put right what tags got wrong."""

import numpy as np
import pytest

from evoke_core.bridge.fit import fit_bridge
from evoke_core.bridge.projection import Side
from evoke_core.bridge.supervision import NO_PAIRS, Supervision, make_pairs
from evoke_core.config.profile import BridgeRules
from evoke_core.evaluation import retrieval_figures
from evoke_core.vectors import l2_normalize

RULES = BridgeRules(
    hidden=0, temperature=0.1, learning_rate=0.003, weight_decay=0.05,
    max_epochs=40, patience=8, folds=4, seed=3,
)  # fmt: skip
MOODS = 4
SWAPPED = np.array([1, 0, 2, 3])  # the tagger of music confuses the first two


def side(labels, tagged, mapping, rng):
    shown = np.eye(MOODS)[labels] @ mapping + 0.4 * rng.normal(size=(len(labels), 9))
    moods = (0.1 + 0.6 * np.eye(MOODS)[tagged]).astype(np.float32)
    return Side(l2_normalize(shown), moods, np.zeros((len(labels), 2), np.float32))


def world(seed, *, tracks=120, pictures=80):
    rng = np.random.default_rng(seed)
    maps = np.random.default_rng(99).normal(size=(2, MOODS, 9))
    heard, seen = (rng.integers(0, MOODS, n) for n in (tracks, pictures))
    music = side(heard, SWAPPED[heard], maps[0], rng)
    return music, side(seen, seen, maps[1], rng), heard[:, None] == seen[None]


def verdicts(relevant, *, raters=30, seed=0):
    """Each track that was judged got four verdicts, half of them matches if any."""
    rng = np.random.default_rng(seed)
    rows, columns = np.repeat(np.arange(raters), 4), []
    for row in range(raters):
        for fits in (True, False):
            columns.extend(rng.choice(np.flatnonzero(relevant[row] == fits), 2))
    return make_pairs(rows, columns, np.where(relevant[rows, columns], 1.0, -1.0))


def area(bridge, other):
    music, images, relevant = other
    scores = bridge.project(music) @ images.embedding.T
    return retrieval_figures(scores, relevant)["auc"].value


@pytest.mark.parametrize("hidden", [0, 8])
def test_verdicts_correct_tags_that_are_wrong_throughout(hidden):
    (music, images, relevant), unheard = world(0), world(1)
    rules = RULES.model_copy(update={"hidden": hidden})
    told = Supervision(NO_PAIRS, verdicts(relevant))
    groups = np.arange(len(music))
    by_tags = fit_bridge(music, images, groups, rules)
    corrected = fit_bridge(music, images, groups, rules, told)
    assert area(corrected, unheard) > area(by_tags, unheard) + 0.1


def test_without_verdicts_nothing_changes():
    music, images, _ = world(0)
    groups = np.arange(len(music))
    plain = fit_bridge(music, images, groups, RULES)
    again = fit_bridge(music, images, groups, RULES, Supervision(NO_PAIRS, NO_PAIRS))
    for name, array in plain.arrays.items():
        assert array.tobytes() == again.arrays[name].tobytes()
