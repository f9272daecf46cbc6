"""A Stable Diffusion 1 model on this machine, loaded from the folder it lies in.

The folder is laid out as diffusers writes it; every file that is read is listed here.
Networks come from safetensors alone, by the classes that we expect, without code that
the folder brings. Its own text encoder is not loaded (text_encoder).

Not here: drawing (diffusion), downloading (evoke_pipelines.models).
Source: Rombach et al., CVPR 2022.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evoke_core.config.memory import MemoryRules
from evoke_core.errors import ConfigError, WeightsMissing
from evoke_core.torch_extensions import mend_torch_extensions

FAMILY = "stable-diffusion"
WIDTH = 768  # of CLIP ViT-L/14's text states, which SD 1.x is made for
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


# Its classes are untyped.
def load_pipeline(path: Path, rules: MemoryRules) -> Any:  # noqa: ANN401
    """Load the parts that draw, as diffusers' pipeline, ready on its device.

    Args:
        path: Folder of the model.
        rules: Scheduler, precision and slicing.

    Returns:
        A StableDiffusionPipeline without a text encoder; its `evoke_sliced` says
        whether attention is computed in slices.

    Raises:
        WeightsMissing: Files of it are absent.
        ConfigError: They are no such model, or the extra is not installed.
    """
    _library()
    require_files(path, rules.diffusion)
    device = _device()
    pipeline = _load(path, rules, device)
    pipeline.evoke_sliced = rules.slicing == "on" or (
        rules.slicing == "auto" and _memory_bytes(device) < _SHORT_BYTES
    )
    if pipeline.evoke_sliced:
        pipeline.enable_attention_slicing()
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


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
