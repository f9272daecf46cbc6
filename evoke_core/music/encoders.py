"""Which music encoder a profile asks for; never another one in its place."""

from pathlib import Path

from evoke_core.config.profile import EncoderChoice, RunProfile
from evoke_core.errors import ConfigError
from evoke_core.music.encode import MusicEncoder
from evoke_core.music.fitted import load_table
from evoke_core.music.handcrafted import HandcraftedMusicEncoder


def open_music_encoder(choice: EncoderChoice, weights: Path) -> MusicEncoder:
    """Open an encoder; its model is loaded when it first hears a song.

    Args:
        choice: From the run profile.
        weights: Folder of pretrained weights.

    Raises:
        WeightsMissing: The profile asks for weights that are not there.
        ConfigError: They are not those that were recorded, the file of vectors is not
            named, or this kind hears no music.
    """
    if choice.kind == "handcrafted":
        return HandcraftedMusicEncoder()
    if choice.kind == "muq":
        from evoke_core.music import muq

        model = choice.model or muq.MODEL
        return muq.MuQEncoder(
            weights, model, batch=choice.batch, precision=choice.precision
        )
    if choice.kind == "muq_mulan":
        from evoke_core.music import mulan

        model = choice.model or mulan.MODEL
        return mulan.MuQMuLanEncoder(
            weights, model, batch=choice.batch, precision=choice.precision
        )
    if choice.kind == "precomputed":
        from evoke_core.music.precomputed import PrecomputedMusic

        if choice.vectors is None:
            raise ConfigError(
                "music encoder precomputed: the profile names no file; add vectors: "
                "and a Parquet or npz file of vectors by id"
            )
        return PrecomputedMusic(Path(choice.vectors))
    raise ConfigError(
        f"music encoder: got kind {choice.kind!r}, which hears no music; choose "
        "handcrafted, muq, muq_mulan or precomputed"
    )


def require_licence(encoder: MusicEncoder, profile: RunProfile) -> None:
    """Refuse an encoder whose weights a commercial run may not use.

    Raises:
        ConfigError: The policy is commercial and the encoder's terms are not.
    """
    if profile.licence_policy == "commercial" and profile.audio.fitted:
        raise ConfigError(
            f"profile {profile.name}: licence_policy is commercial, and audio.fitted "
            f"rests on ratings under {load_table().licence}; say audio: {{fitted: "
            "false}, or licence_policy: research"
        )
    is_bound = "NC" in encoder.licence.upper().split("-")  # as in CC-BY-NC-4.0
    if profile.licence_policy == "commercial" and is_bound:
        raise ConfigError(
            f"profile {profile.name}: licence_policy is commercial, and the weights of "
            f"{encoder.name} are {encoder.licence}; choose music_encoder: {{kind: "
            "handcrafted}, or licence_policy: research"
        )
