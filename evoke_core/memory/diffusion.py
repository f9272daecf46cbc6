"""Stable Diffusion draws token states; the same states and seed give the same bytes.

States come as arrays (text_encoder, fusion). What the safety checker flags is no image.

Bytes are the same on one machine: another device, precision or build of torch rounds
otherwise, so all three stand in the card.

Not here: the model and its files (diffusion_model).
Sources: Rombach et al., CVPR 2022; Lu et al., DPM-Solver++, 2022; Ho & Salimans,
classifier-free guidance, 2021.
"""

import io
import logging
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from evoke_core.config.memory import MemoryRules
from evoke_core.errors import ConfigError
from evoke_core.memory.clip_vocabulary import TOKENS
from evoke_core.memory.diffusion_model import FAMILY, WIDTH, load_pipeline
from evoke_core.storage.store import digest
from evoke_core.vectors import Array
from evoke_core.weights import Weights, find_weights

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Drawing:
    """One image, or why there is none.

    Args:
        png: The same pixels are always the same bytes; None where there is none.
        reason: None, "flagged" (by the safety checker) or "not_finite".
        seconds: Spent on it.
    """

    png: bytes | None
    reason: str | None
    seconds: float


class Painter:
    """A diffusion model that is ready to draw."""

    def __init__(self, pipeline: Any, weights: Weights, rules: MemoryRules) -> None:  # noqa: ANN401 (diffusers' pipeline)
        self._pipeline = pipeline
        self._rules = rules
        self._sha256 = weights.sha256

    @property
    def about(self) -> dict[str, Any]:
        """Everything besides states and seed that decides the bytes."""
        rules = self._rules
        return {
            "model": rules.diffusion,
            "sha256": self._sha256,
            "scheduler": rules.scheduler,
            "steps": rules.steps,
            "guidance": rules.guidance,
            "side_px": rules.side_px,
            "precision": str(self._pipeline.unet.dtype).removeprefix("torch."),
            "device": self._pipeline.device.type,
            "sliced": self._pipeline.evoke_sliced,
            "torch": version("torch"),
            "diffusers": version("diffusers"),
        }

    @property
    def fingerprint(self) -> str:
        """Digest of `about`."""
        return digest(self.about)

    def draw(self, states: Array, negative: Array, *, seed: int) -> Drawing:
        """Draw one image.

        Args:
            states: float32[77, 768], what it should show.
            negative: float32[77, 768], what it should not.
            seed: Of the noise; it is drawn on the processor on every device.
        """
        import torch

        started = time.perf_counter()
        dtype, device = self._pipeline.unet.dtype, self._pipeline.device
        wanted, unwanted = (
            torch.from_numpy(_checked(each))[None].to(device, dtype)
            for each in (states, negative)
        )
        with np.errstate(invalid="ignore"):  # what is not finite is said below
            made = self._pipeline(
                prompt_embeds=wanted,
                negative_prompt_embeds=unwanted,
                num_inference_steps=self._rules.steps,
                guidance_scale=self._rules.guidance,
                height=self._rules.side_px,
                width=self._rules.side_px,
                generator=torch.Generator("cpu").manual_seed(seed),
                output_type="np",
            )
        pixels = made.images[0]  # [H, W, 3] in [0, 1]
        reason = None
        if not np.isfinite(pixels).all():
            reason = "not_finite"
        elif made.nsfw_content_detected[0]:
            reason = "flagged"
        png = None if reason else encode_png(np.rint(pixels * 255).astype(np.uint8))
        return Drawing(png, reason, time.perf_counter() - started)


def open_painter(rules: MemoryRules, folder: Path) -> Painter:
    """Load the diffusion model that the rules name.

    Args:
        rules: The section `memory:` of the profile.
        folder: Of all pretrained weights (EVOKE_WEIGHTS).

    Raises:
        WeightsMissing: They are not there, or not all of them.
        ConfigError: They are not those that were recorded, or no such model; or the
            extra is not installed.
    """
    weights = find_weights(folder / rules.folder, FAMILY, rules.diffusion)
    pipeline = load_pipeline(weights.path, rules)
    _LOG.info("%s draws on %s", rules.diffusion, pipeline.device.type)
    return Painter(pipeline, weights, rules)


def encode_png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Write uint8[H, W, 3] as a PNG without a date or any other text."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", optimize=False, compress_level=6)
    return buffer.getvalue()


def _checked(states: Array) -> Array:
    """Copy states, whose array torch may not write into."""
    if states.shape != (TOKENS, WIDTH) or not np.isfinite(states).all():
        raise ConfigError(
            f"states of shape {states.shape}: wanted are {TOKENS} x {WIDTH} finite "
            "numbers; make them with text_encoder and fusion"
        )
    return np.array(states, np.float32)
