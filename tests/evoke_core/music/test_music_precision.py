import numpy as np
import pytest

from evoke_core.errors import ConfigError
from evoke_core.music import precision
from evoke_core.music.precision import choose_precision, stated_sound

UNIT = np.eye(4, dtype=np.float32)


def choose(asked, tmp_path, load=None, device="cpu"):
    return choose_precision(
        asked,
        load or (lambda _: pytest.fail("loaded")),
        record=tmp_path / "record.json",
        sha256="0" * 64,
        device=device,
    )


def turned(angle):
    """Return unit vectors, each turned by an angle into a direction of its own."""
    cos, sin = np.cos(angle), np.sin(angle)
    return (cos * UNIT + sin * np.roll(UNIT, 1, axis=1)).astype(np.float32)


@pytest.fixture
def probed(monkeypatch):
    """Return a function that states what probing fp32 and then the other will find."""
    pytest.importorskip("torch")

    def state(other, *, other_s=1.0, fp32_s=2.0):
        found = iter([(UNIT, fp32_s), (other, other_s)])
        monkeypatch.setattr(precision, "_probe", lambda *_: next(found))
        return lambda precision: precision

    return state


@pytest.mark.parametrize("asked", ["fp32", "bf16"])
def test_what_is_fixed_is_taken_unmeasured(asked, tmp_path):
    assert choose(asked, tmp_path) == asked


@pytest.mark.parametrize(
    ("angle", "other_s", "expected"),
    [(0.01, 1.0, "bf16"), (0.01, 3.0, "fp32"), (0.1, 1.0, "fp32")],
)
def test_auto_is_bf16_only_if_faster_and_as_good(
    probed, tmp_path, angle, other_s, expected
):
    load = probed(turned(angle), other_s=other_s)
    assert choose("auto", tmp_path, load) == expected


def test_vectors_that_are_not_numbers_are_not_alike(probed, tmp_path):
    assert choose("auto", tmp_path, probed(UNIT * np.nan)) == "fp32"


def test_agreement_in_what_all_sounds_share_is_not_enough(probed, tmp_path):
    shared = np.full((4, 4), 50, np.float32)
    load = probed(shared + turned(1.5))
    assert choose("auto", tmp_path, load) == "fp32"


def test_a_finding_is_logged_and_settles_later_starts(probed, tmp_path, caplog):
    caplog.set_level("INFO", logger="evoke_core")
    choose("auto", tmp_path, probed(turned(0.01)))
    assert "bf16 beside fp32" in caplog.text
    assert "precision auto is bf16" in caplog.text
    assert choose("auto", tmp_path) == "bf16"


def test_auto_never_takes_int8(probed, tmp_path):
    choose("int8", tmp_path, probed(UNIT))
    assert choose("auto", tmp_path, probed(UNIT)) == "bf16"


def test_int8_is_taken_where_it_hears_the_same(probed, tmp_path):
    assert choose("int8", tmp_path, probed(turned(0.1), other_s=3.0)) == "int8"


def test_int8_that_hears_something_else_is_refused_with_its_figures(probed, tmp_path):
    with pytest.raises(ConfigError, match=r"int8.*0\.9553.*auto"):
        choose("int8", tmp_path, probed(turned(0.3)))


def test_int8_is_refused_on_an_accelerator(tmp_path, monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.setattr(precision, "device_name", lambda _: "an accelerator")
    with pytest.raises(ConfigError, match="an accelerator"):
        choose("int8", tmp_path, device="cuda")


def test_the_stated_sounds_are_the_same_each_time_and_not_those_of_another_seed():
    first, again, other = stated_sound(1), stated_sound(1), stated_sound(2)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first.shape == (4, 5 * 24_000)
    assert first.dtype == np.float32


def test_the_stated_sounds_reach_from_silence_to_full_scale():
    sounds = stated_sound()
    assert np.abs(sounds).max() == 1.0
    assert (sounds[3, -24_000:] == 0).all()
