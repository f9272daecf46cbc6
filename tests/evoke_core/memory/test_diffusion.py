"""States become pixels: seeded, checked, and never from weights that don't fit."""

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from evoke_core.config.memory import TINY, MemoryRules
from evoke_core.errors import ConfigError, WeightsMissing
from evoke_core.memory.diffusion import Painter, encode_png, open_painter
from evoke_core.memory.diffusion_model import FILES

# diffusers 0.39 hands a tensor to numpy 2 in its schedulers
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")

RULES = TINY.model_copy(update={"steps": 2, "side_px": 64, "sweep": ()})


@pytest.fixture(scope="module")
def painter(weights: Path) -> Painter:
    return open_painter(RULES, weights)


@pytest.fixture
def copied(weights: Path, tmp_path: Path) -> Path:
    """A copy of the diffusion model that may be damaged; its large part is linked."""
    source = weights / "tiny" / "stable-diffusion" / "tiny"
    target = tmp_path / "tiny" / "stable-diffusion" / "tiny"
    for part in source.iterdir():
        if part.name == "text_encoder":
            (target / part.name).mkdir(parents=True)
            for file in part.iterdir():
                (target / part.name / file.name).symlink_to(file)
        else:
            shutil.copytree(part, target / part.name)
    return target


def states(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(77, 768)).astype(np.float32)


NOTHING = np.zeros((77, 768), np.float32)


def test_the_same_states_and_seed_give_the_same_bytes(painter: Painter):
    first = painter.draw(states(), NOTHING, seed=3)
    again = painter.draw(states(), NOTHING, seed=3)

    assert first.png == again.png
    assert first.reason is None
    assert Image.open(io.BytesIO(first.png)).size == (64, 64)


def test_a_model_that_is_opened_again_gives_the_same_bytes(
    painter: Painter, weights: Path
):
    again = open_painter(RULES, weights)

    assert again.fingerprint == painter.fingerprint
    drawn = [each.draw(states(), NOTHING, seed=3).png for each in (painter, again)]
    assert drawn[0] == drawn[1]


def test_other_states_and_other_seeds_give_other_images(painter: Painter):
    drawn = [
        painter.draw(wanted, NOTHING, seed=seed).png
        for wanted, seed in ((states(), 3), (states(1), 3), (states(), 4))
    ]

    assert len(set(drawn)) == 3


def test_drawing_leaves_the_states_as_they_are(painter: Painter):
    wanted = states()
    before = wanted.copy()

    painter.draw(wanted, NOTHING, seed=0)

    assert np.array_equal(wanted, before)


def test_what_the_safety_checker_flags_is_no_image(painter: Painter):
    limits = painter._pipeline.safety_checker.concept_embeds_weights.data
    kept = limits.clone()
    limits.fill_(-2.0)  # below every cosine: all is flagged
    try:
        drawn = painter.draw(states(), NOTHING, seed=3)
    finally:
        limits.copy_(kept)

    assert (drawn.png, drawn.reason) == (None, "flagged")


def test_pixels_that_are_no_numbers_are_no_image(painter: Painter):
    bias = painter._pipeline.vae.decoder.conv_out.bias.data
    kept = bias.clone()
    bias.fill_(float("nan"))
    try:
        drawn = painter.draw(states(), NOTHING, seed=3)
    finally:
        bias.copy_(kept)

    assert (drawn.png, drawn.reason) == (None, "not_finite")


@pytest.mark.parametrize("scheduler", ["dpmpp_2m", "ddim", "euler", "pndm"])
def test_every_scheduler_that_the_configuration_offers_draws(
    scheduler: str, weights: Path
):
    rules = RULES.model_copy(update={"scheduler": scheduler})

    drawn = open_painter(rules, weights).draw(states(), NOTHING, seed=3)

    assert drawn.png is not None


def test_slices_are_said_since_they_round_otherwise(weights: Path, painter: Painter):
    rules = RULES.model_copy(update={"slicing": "on"})

    sliced = open_painter(rules, weights)

    assert sliced.about["sliced"] is True
    assert sliced.fingerprint != painter.fingerprint
    assert sliced.draw(states(), NOTHING, seed=3).png is not None


@pytest.mark.parametrize("shape", [(77, 512), (76, 768)])
def test_states_of_another_shape_are_refused(painter: Painter, shape: tuple[int, int]):
    with pytest.raises(ConfigError, match="77 x 768"):
        painter.draw(np.zeros(shape, np.float32), NOTHING, seed=0)


def test_states_that_are_no_numbers_are_refused(painter: Painter):
    with pytest.raises(ConfigError, match="finite"):
        painter.draw(np.full((77, 768), np.nan, np.float32), NOTHING, seed=0)


def test_absent_weights_are_one_message_with_the_remedy(tmp_path: Path):
    with pytest.raises(WeightsMissing, match="make models"):
        open_painter(RULES, tmp_path)


@pytest.mark.parametrize("part", sorted(FILES))
def test_a_file_that_is_absent_is_named(part: str, copied: Path):
    name = FILES[part][-1]
    (copied / part / name).unlink()

    with pytest.raises(WeightsMissing, match=f"lacks {part}/{name}"):
        open_painter(RULES, copied.parents[2])


@pytest.mark.parametrize("part", ["unet", "vae", "safety_checker"])
def test_damaged_weights_are_refused(part: str, copied: Path):
    path = copied / part / FILES[part][-1]
    path.write_bytes(path.read_bytes()[:1000])

    with pytest.raises(ConfigError, match="make models"):
        open_painter(RULES, copied.parents[2])


def test_a_tensor_that_is_absent_is_not_left_random(copied: Path):
    from safetensors.torch import load_file, save_file

    path = copied / "unet" / FILES["unet"][-1]
    tensors = load_file(path)
    del tensors["conv_out.weight"]
    save_file(tensors, path, metadata={"format": "pt"})

    with pytest.raises(ConfigError, match=r"unet lacks conv_out\.weight"):
        open_painter(RULES, copied.parents[2])


def test_a_model_of_another_family_is_refused(copied: Path):
    import diffusers

    wider = diffusers.UNet2DConditionModel(
        sample_size=16,
        block_out_channels=(16, 32),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=1024,
        attention_head_dim=4,
        norm_num_groups=8,
    )
    wider.save_pretrained(copied / "unet")

    with pytest.raises(ConfigError, match=r"states of 1024.*1\.x family"):
        open_painter(RULES, copied.parents[2])


def test_half_precision_on_a_processor_is_refused(
    weights: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("evoke_core.memory.diffusion_model._device", lambda: "cpu")
    rules = RULES.model_copy(update={"precision": "fp16"})

    with pytest.raises(ConfigError, match="say fp32, or bf16"):
        open_painter(rules, weights)


def test_bf16_draws_on_a_processor(weights: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("evoke_core.memory.diffusion_model._device", lambda: "cpu")
    rules = RULES.model_copy(update={"precision": "bf16"})
    painter = open_painter(rules, weights)

    assert painter.about["precision"] == "bfloat16"
    assert painter.draw(states(), NOTHING, seed=3).png is not None


def test_a_png_holds_pixels_and_nothing_else():
    pixels = np.arange(4 * 4 * 3, dtype=np.uint8).reshape(4, 4, 3)

    image = Image.open(io.BytesIO(encode_png(pixels)))

    assert np.array_equal(np.asarray(image), pixels)
    assert image.info == {}


def test_a_side_that_is_no_whole_number_of_latents_is_refused():
    with pytest.raises(ValidationError, match="multiple of 8"):
        MemoryRules(side_px=500)
