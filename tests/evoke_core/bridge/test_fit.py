"""The bridge learns what was planted: moods that show in music and pictures alike."""

from types import SimpleNamespace

import numpy as np
import pytest

import evoke_core.bridge.contrast as contrast_module
import evoke_core.bridge.fit as fit_module
from evoke_core.bridge.fit import fit_bridge
from evoke_core.bridge.projection import Side
from evoke_core.bridge.rivals import fit_rivals
from evoke_core.config.profile import BridgeRules
from evoke_core.errors import BridgeError
from evoke_core.evaluation import retrieval_figures
from evoke_core.vectors import l2_normalize

RULES = BridgeRules(
    hidden=0, temperature=0.1, learning_rate=0.003, weight_decay=0.05,
    max_epochs=40, patience=8, folds=4, seed=3,
)  # fmt: skip
MOODS = 5


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    """Keep small matrices on one core; handing them over takes longer."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def planted(seed=0, tracks=60, pictures=100):
    """Music and pictures show five moods linearly, under noise."""
    rng = np.random.default_rng(seed)
    maps = np.random.default_rng(99).normal(size=(2, MOODS, 9))

    def make(count, mapping, noise):
        labels = rng.integers(0, MOODS, count)
        shown = np.eye(MOODS)[labels] @ mapping + noise * rng.normal(size=(count, 9))
        moods = 0.1 + 0.5 * np.eye(MOODS)[labels]
        affect = rng.uniform(-1, 1, (count, 2)).astype(np.float32)
        return labels, Side(l2_normalize(shown), moods.astype(np.float32), affect)

    heard, music = make(tracks, maps[0], 0.8)
    seen, images = make(pictures, maps[1], 0.4)
    return SimpleNamespace(
        music=music, images=images, groups=np.arange(tracks),
        relevant=heard[:, None] == seen[None],
    )  # fmt: skip


def area(projection, world):
    scores = projection.project(world.music) @ world.images.embedding.T
    return retrieval_figures(scores, world.relevant)["auc"].value


def test_it_learns_a_planted_relation_as_well_as_ridge_or_better():
    world, unheard = planted(seed=0), planted(seed=1)
    rivals = fit_rivals(world.music, world.images, seed=0)
    bridge = fit_bridge(world.music, world.images, world.groups, RULES)
    assert bridge.kind == "bridge"
    assert area(bridge, unheard) > area(rivals["chance"], unheard) + 0.2
    assert area(bridge, unheard) > area(rivals["ridge"], unheard) - 0.02


def test_the_same_seed_gives_the_same_weights():
    world = planted()
    first, same, other = (
        fit_bridge(
            world.music, world.images, world.groups,
            RULES.model_copy(update={"seed": seed, "hidden": 4, "max_epochs": 5}),
        )
        for seed in (3, 3, 4)
    )  # fmt: skip
    for name in first.arrays:
        assert first.arrays[name].tobytes() == same.arrays[name].tobytes()
    assert any((first.arrays[n] != other.arrays[n]).any() for n in first.arrays)


def test_a_hidden_layer_stands_beside_the_linear_way_and_learns_too():
    world, unheard = planted(seed=0), planted(seed=1)
    rules = RULES.model_copy(update={"hidden": 8})
    deep = fit_bridge(world.music, world.images, world.groups, rules)
    assert deep.kind == "deep_bridge"
    assert deep.arrays["inner"].shape == (9, 8)
    assert np.abs(deep.arrays["outer"]).max() > 0
    rivals = fit_rivals(world.music, world.images, seed=0)
    assert area(deep, unheard) > area(rivals["ridge"], unheard) - 0.05


def test_a_track_is_never_on_both_sides_of_the_early_stopping_split(monkeypatch):
    world = planted(tracks=40)
    groups = np.repeat(np.arange(10), 4)  # a whole and three windows each
    sides = []
    find = fit_module._find_epochs

    def spy(fit, judge, *rest):
        sides.extend(side.music.embedding for side in (fit, judge))
        return find(fit, judge, *rest)

    monkeypatch.setattr(fit_module, "_find_epochs", spy)
    rules = RULES.model_copy(update={"max_epochs": 1})
    fit_bridge(world.music, world.images, groups, rules)
    row_of = {row.tobytes(): n for n, row in enumerate(world.music.embedding)}
    trained, judged = (
        {int(groups[row_of[row.tobytes()]]) for row in side} for side in sides
    )
    assert not trained & judged
    assert len(trained | judged) == 10


def test_one_track_is_too_little_and_the_message_says_what_to_add():
    world = planted(tracks=6)
    with pytest.raises(BridgeError, match=r"got 1 and 100; add music"):
        fit_bridge(world.music, world.images, np.zeros(6), RULES)


def test_one_picture_is_too_little():
    world = planted()
    one = world.images.rows(np.array([0]))
    with pytest.raises(BridgeError, match=r"got 60 and 1; .* pictures to the corpus"):
        fit_bridge(world.music, one, world.groups, RULES)


@pytest.mark.parametrize("name", ["music", "picture"])
def test_vectors_that_do_not_vary_point_to_the_encoder(name):
    world = planted()
    sides = {"music": world.music, "picture": world.images}
    same = np.repeat(sides[name].embedding[:1], len(sides[name]), axis=0)
    sides[name] = Side(same, sides[name].moods, sides[name].affect)
    with pytest.raises(BridgeError, match=f"check the {name} encoder"):
        fit_bridge(sides["music"], sides["picture"], world.groups, RULES)


def test_many_pictures_are_shown_some_at_a_time(monkeypatch):
    world = planted()
    monkeypatch.setattr(contrast_module, "IMAGES_AT_ONCE", 30)
    bridge = fit_bridge(world.music, world.images, world.groups, RULES)
    assert area(bridge, planted(seed=1)) > 0.7


def test_progress_counts_epochs_up_to_what_it_promised_last():
    world, told = planted(), []
    rules = RULES.model_copy(update={"max_epochs": 12, "patience": 3})

    fit_bridge(
        world.music, world.images, world.groups, rules,
        report=lambda *at: told.append(at),
    )  # fmt: skip

    done, most = zip(*told, strict=True)
    assert sorted(set(done)) == list(range(1, done[-1] + 1))
    assert list(done) == sorted(done)
    assert list(most) == sorted(most, reverse=True)
    assert (most[0], most[-1]) == (24, done[-1])
