"""Which music encoder a profile asks for; never another one in its place."""

from pathlib import Path

from evoke_core.config import EncoderChoice
from evoke_core.errors import ConfigError, WeightsMissing
from evoke_core.music.encode import MusicEncoder
from evoke_core.music.handcrafted import HandcraftedMusicEncoder


def open_music_encoder(choice: EncoderChoice, weights: Path) -> MusicEncoder:
    """Open an encoder.

    Args:
        choice: From the run profile.
        weights: Folder of pretrained weights.

    Raises:
        WeightsMissing: The profile asks for weights that are not there.
        ConfigError: They are there, but this version has no loader for them.
    """
    if choice.kind == "handcrafted":
        return HandcraftedMusicEncoder()
    expected = weights / "muq" / str(choice.model)
    if expected.exists():
        raise ConfigError(
            f"music encoder {choice.kind}: this version can't load {expected} yet; "
            "choose EVOKE_PROFILE=demo, whose encoders need no weights"
        )
    raise WeightsMissing(
        f"music encoder MuQ ({choice.model}): no weights in {expected}; put them "
        "there, or choose EVOKE_PROFILE=demo, whose encoders need none"
    )
