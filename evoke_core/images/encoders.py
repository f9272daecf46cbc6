"""Which image encoder a profile asks for; never another one in its place."""

from pathlib import Path

from evoke_core.config import EncoderChoice
from evoke_core.errors import ConfigError, WeightsMissing
from evoke_core.images.encode import ImageEncoder
from evoke_core.images.handcrafted import HandcraftedImageEncoder


def open_image_encoder(choice: EncoderChoice, weights: Path) -> ImageEncoder:
    """Open an encoder.

    Args:
        choice: From the run profile.
        weights: Folder of pretrained weights.

    Raises:
        WeightsMissing: The profile asks for weights that are not there.
        ConfigError: They are there, but this version has no loader for them.
    """
    if choice.kind == "handcrafted":
        return HandcraftedImageEncoder()
    expected = weights / "open_clip" / f"{choice.model}-{choice.pretrained}.safetensors"
    if expected.exists():
        raise ConfigError(
            f"image encoder {choice.kind}: this version can't load {expected} yet; "
            "choose EVOKE_PROFILE=demo, whose encoders need no weights"
        )
    raise WeightsMissing(
        f"image encoder open_clip {choice.model} ({choice.pretrained}): "
        f"no weights at {expected}; put them there, or choose EVOKE_PROFILE=demo, "
        "whose encoders need none"
    )
