"""What audio memory asks of its models: the section `memory:` of a run profile."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from evoke_core.config.fields import Frozen, Share


class MemoryRules(Frozen):
    """How a song and its words become an image; see `profiles/memory.yaml`.

    Args:
        folder: Folder below EVOKE_WEIGHTS that all models of memory lie in; "" is that
            folder itself.
        separator: Folder of demucs weights, below `demucs/`.
        openl3: File of OpenL3 weights without its ending, below `openl3/`; by the
            published name, which says mel bands and what it was trained on.
        openl3_size: Numbers of an embedding.
        hop_s: Step between windows of a second; published is 0.1.
        diffusion: Folder of the diffusion model, below `stable-diffusion/`.
        scheduler: How noise is taken away.
        steps: Of the scheduler.
        guidance: Weight of the words against no words; 1 is none.
        side_px: Of the square image.
        negative: What the image should not show.
        strength: How far the sound moves the words, 0 is not at all.
        sweep: Strengths of the contact sheet; each one but `strength` is an image more.
        precision: Of the diffusion model; auto is fp32 on a processor and fp16 on a
            GPU.
        slicing: Attention in slices, slower and smaller; auto does it on a device of
            less than 8 GiB.
        keep_stems: Whether the four stems are kept in the private store.
        projection: How sounds pull words: by a seeded matrix, or as the library's moods
            teach it where that holds on tracks left out (the job `fit_memory`).
        seed: Of the noise, together with the song, and of the untrained projection.
    """

    folder: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]*$")] = ""
    separator: str = "HTDemucs"
    openl3: str = "openl3_audio_mel256_music"
    openl3_size: Literal[512, 6144] = 512
    hop_s: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    diffusion: str = "stable-diffusion-v1-5"
    scheduler: Literal["dpmpp_2m", "ddim", "euler", "pndm"] = "dpmpp_2m"
    steps: Annotated[int, Field(ge=1, le=1000)] = 25
    guidance: Annotated[float, Field(ge=1.0, le=30.0)] = 7.5
    side_px: Annotated[int, Field(ge=64, le=2048)] = 512
    negative: str = ""
    strength: Share = 0.5
    sweep: tuple[Share, ...] = ()
    precision: Literal["auto", "fp32", "fp16", "bf16"] = "auto"
    slicing: Literal["auto", "on", "off"] = "auto"
    keep_stems: bool = True
    projection: Literal["untrained", "trained"] = "untrained"
    seed: int = 31

    @field_validator("side_px")
    @classmethod
    def _of_whole_latents(cls, side_px: int) -> int:
        if side_px % 8:  # a latent stands for 8 x 8 pixels
            raise ValueError("give a multiple of 8")
        return side_px


TINY = MemoryRules(
    folder="tiny",
    separator="tiny",
    openl3="tiny",
    diffusion="tiny",
    steps=4,
    side_px=192,
    sweep=(0.0, 0.5, 1.0),
)
"""Random models of `memory.tiny`, which draw noise in seconds."""
