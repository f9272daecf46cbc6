"""The projection asset: off unless asked for, fitted where it holds, else centred."""

from types import SimpleNamespace

import dagster as dg
import numpy as np
import pytest

from evoke_core.config.loading import load_run_profile
from evoke_core.config.memory import TINY
from evoke_core.memory.library_sounds import LibrarySounds
from evoke_core.memory.projection import read_projection
from evoke_core.memory.studio import Ears
from evoke_core.memory.text_encoder import TextStates
from evoke_core.schemas import TABLES
from evoke_core.storage.local import LocalStore
from evoke_core.storage.tables import write_table
from evoke_core.vectors import l2_normalize
from evoke_pipelines.assets import memory_projection as module
from evoke_pipelines.environment import CONFIG_FOLDER

KEY = dg.AssetKey("memory_projection")
MOODS = ("calm", "stormy", "tender", "bright")
TRAINED = TINY.model_copy(update={"projection": "trained"})


class Text:
    """A text side in which every mood has a place of its own."""

    fingerprint = "text"

    def encode(self, text):
        rng = np.random.default_rng(MOODS.index(text))
        place = l2_normalize(2.0 + rng.standard_normal(768)).astype(np.float32)
        return TextStates(place[None], np.array([True]))


class Access:
    """Gives ears, and counts how often they were opened."""

    opened = 0

    def open_ears(self, rules, policy):
        self.opened += 1
        named = [SimpleNamespace(fingerprint=name) for name in ("stems", "ears")]
        return Ears(*named, Text())


@pytest.fixture
def world(tmp_path, monkeypatch):
    """A library of 48 tracks whose sound is that of their mood, as far as asked."""

    def make(*, is_planted=True, count=48, profile_rules=TRAINED):
        store = LocalStore(tmp_path / "store")
        rng = np.random.default_rng(0)
        mood = np.arange(count) % 4
        planted = rng.standard_normal((4, 768))[mood] * (1.0 if is_planted else 0.0)
        sounds = (planted + rng.standard_normal((count, 768))).astype(np.float32)
        ids = tuple(f"t{number:02}" for number in range(count))
        heard = LibrarySounds(ids, sounds, ids, {"bad": "not_audio: it is no song"})
        monkeypatch.setattr(module, "hear_library", lambda *_, **__: heard)
        rows = [
            {
                "track_id": track_id, "part": 0, "valence": 0.0, "arousal": 0.0,
                "moods": [MOODS[mood[row]]], "scores": [1.0], "labelled": row % 2 == 0,
            }
            for row, track_id in enumerate(ids)
        ]  # fmt: skip
        write_table(store, "track_tags", TABLES["track_tags"].frame(rows))
        listed = TABLES["track_manifest"].frame([])
        write_table(store, "track_manifest", listed)
        profile = load_run_profile(CONFIG_FOLDER, "demo")
        return {
            "store": store,
            "memory_studio": Access(),
            "run_profile": profile.model_copy(update={"memory": profile_rules}),
        }

    return make


def materialize(resources):
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(
            [module.memory_projection],
            resources=resources,
            instance=instance,
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
        event = instance.get_latest_materialization_event(KEY)
    shown = event.asset_materialization.metadata if event else {}
    return result, {name: each.value for name, each in shown.items()}


def stored(resources):
    ears = resources["memory_studio"].open_ears(None, None)
    return read_projection(resources["store"], ears.projection_key)


@pytest.mark.parametrize("rules", [None, TINY])
def test_nothing_is_opened_or_fitted_unless_the_profile_asks(world, rules):
    resources = world(profile_rules=rules)
    result, shown = materialize(resources)

    assert result.success
    assert shown == {}
    assert resources["memory_studio"].opened == 0


def test_a_library_whose_sounds_tell_its_moods_trains_the_projection(world):
    resources = world()
    result, shown = materialize(resources)

    assert result.success
    assert shown["serves"] == "trained"
    assert shown["left_out_margin_low"] > 0.2
    assert abs(shown["left_out_margin_untrained"]) < 0.1
    assert shown["left_out_groups"] == 48
    assert shown["tracks_labelled_by_people"] == 24
    assert shown["tracks_refused"] == 1
    assert "data:image/" in shown["left_out"]
    assert "(n=24), other words" in shown["sound_against_words"]  # 4 moods, all pairs
    assert shown["away_from_words_alone"].startswith("0.0000 at strength 0, ")
    assert stored(resources).origin.startswith("trained on 48 songs")


def test_a_library_whose_sounds_tell_nothing_serves_the_untrained_centre(world):
    resources = world(is_planted=False)
    _, shown = materialize(resources)

    assert shown["serves"] == "untrained"
    assert "no better than chance" in shown["reason"]
    assert "centred on 48" in stored(resources).origin


def test_the_same_library_is_not_fitted_again(world, monkeypatch):
    resources = world()
    materialize(resources)

    def hear(*_, **__):
        raise AssertionError("heard again")

    monkeypatch.setattr(module, "hear_library", hear)
    result, shown = materialize(resources)
    assert result.success
    assert shown["recomputed"] is False


def test_a_library_of_one_song_fails_with_the_remedy(world):
    result, _ = materialize(world(count=1))

    failure = next(e.step_failure_data for e in result.all_events if e.is_step_failure)
    error = failure.error
    while error.cause is not None:
        error = error.cause
    assert "run fit_bridge" in error.message
