"""What an image costs at full size: Stable Diffusion 1.5 of random weights.

On the cores of this machine:

    python -m tests.benchmarks.memory_image [fp32|bf16] [rounds]

Random weights cost what trained ones cost. One step of the UNet for words and no words
(a batch of two), the VAE's decoding of 512 px and one text of 77 tokens are timed;
an image is 25 steps, one decoding and two texts. Says processor seconds beside elapsed
ones, since a busy machine only shows in the latter.
"""

import logging
import sys
import time
from collections.abc import Callable
from typing import Any

from evoke_core.torch_extensions import mend_torch_extensions
from tests.peak import peak_bytes

_STEPS = 25
_WORDS = (2, 77, 768)
_LATENTS = (2, 4, 64, 64)  # of 512 px
_LOG = logging.getLogger(__name__)
Timing = tuple[float, float]  # elapsed and processor seconds, the best round


def measure(precision: str, rounds: int) -> dict[str, Timing]:
    """Build each network, time it and let go of it, so that none weighs on another."""
    import torch

    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[precision]
    timings = {}
    for name, build, given in _parts():
        network = build().to(dtype).eval()
        inputs = [
            each.to(dtype) if each.is_floating_point() else each for each in given
        ]
        with torch.inference_mode():
            timings[name] = _best(lambda n=network, i=inputs: n(*i), rounds)
        _LOG.info(
            "%-6s %-12s %6.2f s elapsed %7.2f s of processor, peak %.2f GiB",
            precision, name, *timings[name], peak_gib(),
        )  # fmt: skip
        del network
    return timings


def image_seconds(timings: dict[str, Timing]) -> Timing:
    """Extrapolate to an image: 25 steps, one decoding, words and no words."""
    weights = {"unet_step": _STEPS, "vae_decode": 1, "text": 2}
    return tuple(  # type: ignore[return-value]
        sum(weights[name] * timing[part] for name, timing in timings.items())
        for part in (0, 1)
    )


def peak_gib() -> float:
    """Return the most memory that this process has held."""
    return peak_bytes() / 2**30


def _parts() -> list[tuple[str, Callable[[], Any], list[Any]]]:
    import torch
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    text = {
        "hidden_size": 768, "intermediate_size": 3072,
        "num_hidden_layers": 12, "num_attention_heads": 12,
    }  # fmt: skip

    class Decoder(torch.nn.Module):
        """The half of the VAE that drawing needs."""

        def __init__(self, vae: Any) -> None:
            super().__init__()
            self.vae = vae

        def forward(self, latents: Any) -> Any:
            return self.vae.decode(latents).sample

    def unet() -> Any:
        # the defaults of the class are Stable Diffusion 1's but for these two
        return UNet2DConditionModel(
            sample_size=64, cross_attention_dim=768, attention_head_dim=8
        )

    def vae() -> Any:
        return Decoder(
            AutoencoderKL(
                block_out_channels=(128, 256, 512, 512),
                down_block_types=("DownEncoderBlock2D",) * 4,
                up_block_types=("UpDecoderBlock2D",) * 4,
                layers_per_block=2,
                latent_channels=4,
                sample_size=512,
            )
        )

    return [
        (
            "text",
            lambda: CLIPTextModel(CLIPTextConfig(**text)),
            [torch.ones(1, 77).long()],
        ),
        ("vae_decode", vae, [torch.randn(1, *_LATENTS[1:])]),
        (
            "unet_step",
            unet,
            [torch.randn(_LATENTS), torch.tensor(500), torch.randn(_WORDS)],
        ),
    ]


def _best(work: Callable[[], object], rounds: int) -> Timing:
    timings = []
    for _ in range(rounds):
        elapsed, spent = time.perf_counter(), time.process_time()
        work()
        timings.append((time.perf_counter() - elapsed, time.process_time() - spent))
    return min(timings)


def main(arguments: list[str]) -> None:
    """Measure one precision and log what an image costs."""
    mend_torch_extensions()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    precision = arguments[0] if arguments else "fp32"
    rounds = int(arguments[1]) if len(arguments) > 1 else 2
    elapsed, spent = image_seconds(measure(precision, rounds))
    _LOG.info(
        "%s: an image of %d steps %.0f s elapsed, %.0f s of processor, peak %.2f GiB",
        precision, _STEPS, elapsed, spent, peak_gib(),
    )  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1:])
