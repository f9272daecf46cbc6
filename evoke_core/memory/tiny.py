"""Tiny models of the very architectures that audio memory uses, with random weights.

They lie as trained ones do, so that tests and `make demo MEMORY=tiny` go through the
loaders that serve: HTDemucs, OpenL3 (whose published size is small already), the text
encoder at its full width with CLIP's real vocabulary, UNet, VAE and safety checker.
What they draw is noise: they show that the line works, not what it can do.

Not here: training, or any claim about quality.
"""

import shutil
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from evoke_core.config.memory import TINY
from evoke_core.errors import ConfigError
from evoke_core.memory import demucs_model, openl3_weights
from evoke_core.memory.clip_vocabulary import (
    END_TOKEN,
    START_TOKEN,
    TOKENS,
    write_tokenizer,
)
from evoke_core.memory.diffusion_model import FAMILY, WIDTH
from evoke_core.memory.openl3_weights import OpenL3Kind
from evoke_core.torch_extensions import mend_torch_extensions
from evoke_core.weights import record_weights

_CHANNELS = 8  # of HTDemucs, the fewest that its groups allow
_SEGMENT_S = 2
_OPENL3_WIDTHS = (8, 8, 8, 8, 16, 16, 16, 512)


def write_tiny_models(weights: Path, *, seed: int = 0) -> None:
    """Write every model that the rules `config.memory.TINY` name.

    A model that is there stays; each is written beside its place and moved there whole.

    Args:
        weights: Folder of all pretrained weights; these go into `tiny/` below it.
        seed: Of the weights; the same seed gives the same files.

    Raises:
        ConfigError: The extra `clip`, which brings CLIP's vocabulary, is not installed.
    """
    _require_libraries()
    folder = weights / TINY.folder
    openl3 = folder / "openl3" / f"{TINY.openl3}.safetensors"
    for target, write in (
        (folder / "demucs" / TINY.separator, write_separator),
        (folder / FAMILY / TINY.diffusion, write_diffusion),
        (openl3, write_openl3),
    ):
        if target.exists():
            continue
        unfinished = target.with_name(f".{target.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        write(unfinished, seed=seed)
        unfinished.rename(target)
        record_weights(folder, target.parent.name, target.name.split(".")[0])


def write_separator(folder: Path, *, seed: int) -> None:
    """Write an HTDemucs of two layers and segments of two seconds."""
    mend_torch_extensions()
    import torch
    from demucs.htdemucs import HTDemucs

    torch.manual_seed(seed)
    model = HTDemucs(
        ["drums", "bass", "other", "vocals"],
        channels=_CHANNELS,
        t_layers=1,
        t_heads=2,
        segment=_SEGMENT_S,
    )
    demucs_model.save_demucs(model, folder, name="tiny")


def write_openl3(path: Path, *, seed: int) -> None:
    """Write an OpenL3 of few maps, whose embeddings have 512 numbers as published."""
    kind = OpenL3Kind("mel256", "music")
    drawn = openl3_weights.random_weights(seed=seed, widths=_OPENL3_WIDTHS)
    openl3_weights.save_weights(drawn, path, kind)


def write_diffusion(folder: Path, *, seed: int) -> None:
    """Write the files of `diffusion_model`, as Stable Diffusion 1 lays them out."""
    mend_torch_extensions()
    import torch

    torch.manual_seed(seed)
    for part, model in _networks().items():
        model.save_pretrained(folder / part, safe_serialization=True)
    _scheduler().save_pretrained(folder / "scheduler")
    _feature_extractor().save_pretrained(folder / "feature_extractor")
    write_tokenizer(folder / "tokenizer")


def _untyped(library: str) -> Any:  # noqa: ANN401 (so are its classes)
    return import_module(library)


def _require_libraries() -> None:
    for library, extra in (
        ("demucs", "memory"),
        ("diffusers", "memory"),
        ("open_clip", "clip"),  # CLIP's vocabulary ships with it
    ):
        if find_spec(library) is None:
            raise ConfigError(
                f"tiny models of memory: the library {library} is not installed; "
                f"install it with: pip install -c constraints.txt -e '.[{extra}]'"
            )


def _networks() -> dict[str, Any]:
    from diffusers.pipelines.stable_diffusion.safety_checker import (
        StableDiffusionSafetyChecker,
    )

    diffusers, transformers = _untyped("diffusers"), _untyped("transformers")

    narrow = {"hidden_size": 32, "intermediate_size": 32, "num_attention_heads": 2}
    checker = transformers.CLIPConfig(
        vision_config={
            **narrow, "num_hidden_layers": 1, "patch_size": 32, "projection_dim": 16,
        },
        text_config={**narrow, "num_hidden_layers": 1},
        projection_dim=16,
    )  # fmt: skip
    text = transformers.CLIPTextConfig(
        hidden_size=WIDTH,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=12,
        max_position_embeddings=TOKENS,
        bos_token_id=START_TOKEN,
        eos_token_id=END_TOKEN,
    )
    return {
        "unet": diffusers.UNet2DConditionModel(
            sample_size=16,
            block_out_channels=(16, 32),
            layers_per_block=1,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            cross_attention_dim=WIDTH,
            attention_head_dim=4,
            norm_num_groups=8,
        ),
        "vae": diffusers.AutoencoderKL(
            block_out_channels=(8, 8, 8, 8),
            layers_per_block=1,
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            latent_channels=4,
            norm_num_groups=4,
            sample_size=128,
        ),
        "safety_checker": StableDiffusionSafetyChecker(checker),
        "text_encoder": transformers.CLIPTextModel(text),
    }


def _scheduler() -> Any:  # noqa: ANN401 (a scheduler of diffusers)
    """Return the noise schedule that Stable Diffusion 1.5 was trained with."""
    return _untyped("diffusers").PNDMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        num_train_timesteps=1000,
        skip_prk_steps=True,
        steps_offset=1,
    )


def _feature_extractor() -> Any:  # noqa: ANN401 (a processor of transformers)
    from transformers import CLIPImageProcessor

    return CLIPImageProcessor()
