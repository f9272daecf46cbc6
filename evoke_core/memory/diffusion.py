"""Stable Diffusion draws token states; the same states and seed give the same bytes.

It is loaded from a folder as diffusers lays it out, from safetensors alone and without
code that the folder brings. Its own text encoder is not loaded: states come as arrays
(text_encoder, fusion). What the safety checker flags is no image.

Bytes are the same on one machine: another device, precision or build of torch rounds
otherwise, so all three stand in the card.

Sources: Rombach et al., CVPR 2022; Lu et al., DPM-Solver++, 2022; Ho & Salimans,
classifier-free guidance, 2021.
"""

import io
import logging
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from evoke_core.config.memory import MemoryRules
from evoke_core.errors import ConfigError, WeightsMissing
from evoke_core.storage.store import digest
from evoke_core.torch_extensions import mend_torch_extensions
from evoke_core.vectors import Array
from evoke_core.weights import Weights, find_weights

FAMILY = "stable-diffusion"
TOKENS, WIDTH = 77, 768  # of CLIP ViT-L/14's text states, which SD 1.x is made for
# Every file that is read of a model, by its folder; `make models` fetches these.
FILES: Mapping[str, tuple[str, ...]] = {
    "unet": ("config.json", "diffusion_pytorch_model.safetensors"),
    "vae": ("config.json", "diffusion_pytorch_model.safetensors"),
    "scheduler": ("scheduler_config.json",),
    "safety_checker": ("config.json", "model.safetensors"),
    "feature_extractor": ("preprocessor_config.json",),
    "text_encoder": ("config.json", "model.safetensors"),
    "tokenizer": ("vocab.json", "merges.txt", "tokenizer_config.json"),
}
_SCHEDULERS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "dpmpp_2m": ("DPMSolverMultistepScheduler", {}),
    # as published for Stable Diffusion; not every folder says so
    "ddim": ("DDIMScheduler", {"clip_sample": False, "set_alpha_to_one": False}),
    "euler": ("EulerDiscreteScheduler", {}),
    "pndm": ("PNDMScheduler", {}),
}
# What a machine has, not what is free just now: slices round otherwise, and the bytes
# of an image must not depend on what else was running.
_SHORT_BYTES = 8 << 30
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
    _library()
    weights = find_weights(folder / rules.folder, FAMILY, rules.diffusion)
    require_files(weights.path, rules.diffusion)
    device = _device()
    pipeline = _load(weights.path, rules, device)
    pipeline.evoke_sliced = rules.slicing == "on" or (
        rules.slicing == "auto" and _memory_bytes(device) < _SHORT_BYTES
    )
    if pipeline.evoke_sliced:
        pipeline.enable_attention_slicing()
    pipeline.set_progress_bar_config(disable=True)
    _LOG.info("%s draws on %s", rules.diffusion, device)
    return Painter(pipeline, weights, rules)


def require_files(path: Path, name: str) -> None:
    """Check that a folder holds every file of FILES.

    Raises:
        WeightsMissing: Some are absent; the message names them.
    """
    absent = [
        f"{part}/{file}"
        for part, files in FILES.items()
        for file in files
        if not (path / part / file).is_file()
    ]
    if absent:
        raise WeightsMissing(
            f"{FAMILY} {name}: {path} lacks {', '.join(absent)}; fetch them with "
            "'make models PROFILE=<yours>'"
        )


def encode_png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Write uint8[H, W, 3] as a PNG without a date or any other text."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", optimize=False, compress_level=6)
    return buffer.getvalue()


def _load(path: Path, rules: MemoryRules, device: str) -> Any:  # noqa: ANN401
    """Load each part by the class that we expect, whatever the folder asks for."""
    from diffusers.pipelines.stable_diffusion.safety_checker import (
        StableDiffusionSafetyChecker,
    )
    from safetensors import SafetensorError
    from transformers import CLIPImageProcessor

    diffusers = _library()
    dtype = _dtype(rules.precision, device)
    own = {"torch_dtype": dtype, "low_cpu_mem_usage": False}  # that needs accelerate
    try:
        unet = _part(diffusers.UNet2DConditionModel, path / "unet", own)
        vae = _part(diffusers.AutoencoderKL, path / "vae", own)
        checker = _part(
            StableDiffusionSafetyChecker, path / "safety_checker", {"dtype": dtype}
        )
        scheduler_name, exact = _SCHEDULERS[rules.scheduler]
        scheduler = getattr(diffusers, scheduler_name)
        said = scheduler.load_config(path / "scheduler", local_files_only=True)
        pipeline = diffusers.StableDiffusionPipeline(
            vae=vae,
            text_encoder=None,
            tokenizer=None,
            unet=unet,
            scheduler=scheduler.from_config({**said, **exact}),
            safety_checker=checker,
            feature_extractor=CLIPImageProcessor.from_pretrained(
                path / "feature_extractor", local_files_only=True
            ),
        )
    except (
        OSError, ValueError, RuntimeError, KeyError, TypeError, SafetensorError,
    ) as wrong:  # fmt: skip
        raise _no_model(path, wrong) from wrong
    if unet.config.cross_attention_dim != WIDTH:
        raise _no_model(
            path,
            f"its UNet reads states of {unet.config.cross_attention_dim}, CLIP "
            f"ViT-L/14 gives {WIDTH}: take a model of the 1.x family",
        )
    return pipeline.to(device)


def _part(
    model: Any,  # noqa: ANN401 (a class of diffusers or transformers)
    path: Path,
    own: Mapping[str, Any],
) -> Any:  # noqa: ANN401
    """Load one network; weights that are absent would be left random, so they raise."""
    loaded, info = model.from_pretrained(
        path,
        use_safetensors=True,
        local_files_only=True,
        output_loading_info=True,
        **own,
    )
    # a buffer of positions that older files lack and newer code makes itself
    absent = [key for key in info["missing_keys"] if not key.endswith("position_ids")]
    if absent or info["mismatched_keys"]:
        what = absent or [str(each) for each in info["mismatched_keys"]]
        raise ValueError(f"{path.name} lacks {', '.join(sorted(what)[:3])}")
    return loaded.eval()


def _checked(states: Array) -> Array:
    """Copy states, whose array torch may not write into."""
    if states.shape != (TOKENS, WIDTH) or not np.isfinite(states).all():
        raise ConfigError(
            f"states of shape {states.shape}: wanted are {TOKENS} x {WIDTH} finite "
            "numbers; make them with text_encoder and fusion"
        )
    return np.array(states, np.float32)


def _device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _dtype(precision: str, device: str) -> Any:  # noqa: ANN401 (a dtype of torch)
    import torch

    if precision == "auto":
        precision = "fp16" if device == "cuda" else "fp32"
    if precision == "fp16" and device == "cpu":
        raise ConfigError(
            "memory.precision is fp16, which a processor is slow at; say fp32, or bf16"
        )
    return {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}[
        precision
    ]


def _memory_bytes(device: str) -> int:
    import torch

    if device == "cuda":
        return int(torch.cuda.mem_get_info()[1])
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _library() -> Any:  # noqa: ANN401 (its classes are untyped)
    mend_torch_extensions()
    try:
        import diffusers
    except ImportError as missing:
        raise ConfigError(
            "memory: the library diffusers is not installed; install it with: "
            "pip install -c constraints.txt -e '.[memory]'"
        ) from missing
    return diffusers


def _no_model(path: Path, wrong: object) -> ConfigError:
    said = (str(wrong).strip().splitlines() or [type(wrong).__name__])[0]
    return ConfigError(
        f"{path}: no Stable Diffusion model of the 1.x family ({said[:200]}); fetch it "
        "again with 'make models PROFILE=<yours>'"
    )
