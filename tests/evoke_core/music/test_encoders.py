import numpy as np
import pytest

from evoke_core.config.loading import load_run_profile
from evoke_core.config.profile import EncoderChoice
from evoke_core.errors import ConfigError, WeightsMissing
from evoke_core.music.encoders import open_music_encoder, require_licence


def test_each_kind_opens_its_encoder(tmp_path, tiny_mulan):
    vectors = tmp_path / "vectors.npz"
    np.savez(vectors, id=np.array(["a", "b"]), embedding=np.eye(2, dtype=np.float32))
    choices = (
        EncoderChoice(kind="handcrafted"),
        EncoderChoice(kind="muq", model="tiny-muq"),
        EncoderChoice(kind="muq_mulan", model="tiny-mulan"),
        EncoderChoice(kind="precomputed", vectors=str(vectors)),
    )
    opened = [open_music_encoder(choice, tiny_mulan) for choice in choices]
    assert [encoder.name for encoder in opened] == [
        "handcrafted-music",
        "muq",
        "muq-mulan",
        "precomputed-music",
    ]
    assert len({encoder.fingerprint for encoder in opened}) == 4


def test_a_kind_for_pictures_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="open_clip"):
        open_music_encoder(EncoderChoice(kind="open_clip", model="x"), tmp_path)


def test_absent_weights_are_never_replaced_by_another_encoder(tmp_path):
    for kind in ("muq", "muq_mulan"):
        with pytest.raises(WeightsMissing, match="muq"):
            open_music_encoder(EncoderChoice(kind=kind), tmp_path)


def test_precomputed_without_a_file_says_which_key(tmp_path):
    with pytest.raises(ConfigError, match="vectors"):
        open_music_encoder(EncoderChoice(kind="precomputed"), tmp_path)


@pytest.mark.parametrize("kind", ["muq", "muq_mulan"])
def test_a_commercial_run_refuses_non_commercial_weights(
    kind, tiny_mulan, assets_config
):
    model = {"muq": "tiny-muq", "muq_mulan": "tiny-mulan"}[kind]
    encoder = open_music_encoder(EncoderChoice(kind=kind, model=model), tiny_mulan)
    profile = load_run_profile(assets_config, "demo")
    require_licence(encoder, profile)
    by_signs = profile.audio.model_copy(update={"fitted": False})
    commercial = profile.model_copy(
        update={"licence_policy": "commercial", "audio": by_signs}
    )
    with pytest.raises(ConfigError, match="CC-BY-NC-4"):
        require_licence(encoder, commercial)
    handcrafted = open_music_encoder(EncoderChoice(kind="handcrafted"), tiny_mulan)
    require_licence(handcrafted, commercial)
