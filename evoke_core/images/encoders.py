"""Which image encoder a profile asks for; never another one in its place."""

from pathlib import Path

from evoke_core.config.profile import EncoderChoice
from evoke_core.errors import ConfigError
from evoke_core.images.encode import ImageEncoder
from evoke_core.images.handcrafted import HandcraftedImageEncoder


def open_image_encoder(choice: EncoderChoice, weights: Path) -> ImageEncoder:
    """Open an encoder; its model is loaded when it first encodes.

    Args:
        choice: From the run profile.
        weights: Folder of pretrained weights.

    Raises:
        WeightsMissing: The profile asks for weights that are not there.
        ConfigError: They are not those that were recorded, their library is not
            installed, or this kind encodes no pictures.
    """
    if choice.kind == "handcrafted":
        return HandcraftedImageEncoder()
    if choice.kind == "open_clip":
        from evoke_core.images.clip import open_clip_encoder

        return open_clip_encoder(choice, weights)
    if choice.kind == "precomputed":
        from evoke_core.images.precomputed import PrecomputedImages

        if choice.vectors is None:
            raise ConfigError(
                "image encoder precomputed: the profile names no file; add vectors: "
                "and a Parquet or npz file of vectors by id"
            )
        return PrecomputedImages(Path(choice.vectors))
    raise ConfigError(
        f"image encoder: got kind {choice.kind!r}, which encodes no pictures; choose "
        "handcrafted, open_clip or precomputed"
    )
