"""The MuQ-MuLan encoder: music and texts as vectors of one space.

Every window of the analysis is one clip of 10 s, as the model was trained; the whole
is the mean of the clips by salience, brought back to unit length. Texts are the music
prompts of the vocabulary (tags), so that music is tagged without any picture.

Not here: how cosines become moods (evoke_core.zero_shot).
Source: Zhu et al. 2025 (arXiv 2501.01108); Huang et al. 2022, MuLan. Code MIT, weights
CC BY-NC 4.0; the text side starts from xlm-roberta-base (MIT).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evoke_core.devices import choose_device
from evoke_core.errors import ConfigError
from evoke_core.music.analysis import TrackAnalysis
from evoke_core.music.batches import (
    CONFIG_FILE,
    WEIGHTS_FILE,
    checkpoint_shapes,
    in_batches,
    library_version,
    require_checkpoint,
)
from evoke_core.music.decode import Track
from evoke_core.music.encode import TrackEmbedding
from evoke_core.music.muq import CPU_BATCH, LICENCE, Song, read_config
from evoke_core.music.precision import (
    SAMPLE_RATE,
    Asked,
    choose_precision,
    stated_sound,
)
from evoke_core.music.waveform import release
from evoke_core.precision import Precision
from evoke_core.torch_extensions import mend_torch_extensions
from evoke_core.vectors import Array, l2_normalize
from evoke_core.weights import Weights, find_weights

if TYPE_CHECKING:
    import torch

MODEL = "MuQ-MuLan-large"
CLIP_S = 10  # of sound; what its audio side was trained on
TEXT_BATCH = 64

# Parts of the wrapped MuQ and of the contrastive loss that inference does not read;
# aggregator is declared by the library and used by nothing.
_AUDIO = "mulan.audio."
UNUSED = (
    f"{_AUDIO}model.model.linear.",
    f"{_AUDIO}model.model.cls_token",
    f"{_AUDIO}model.model.quantizer_",
    f"{_AUDIO}model.model.rvq.",
    f"{_AUDIO}aggregator.",
    "mulan.contrast.",
    "mulan.text.model.pooler.",
    "mulan.text.model.embeddings.position_ids",
)


class MuQMuLanEncoder:
    """Encodes songs and texts into one space; see MusicEncoder and TextEncoder.

    The model is loaded by the first song or text, or where the precision of its music
    side has to be measured. Its text side is float32.

    Args:
        weights: Folder of pretrained weights. `muq/<model>/` is the model; the MuQ and
            the xlm-roberta that its configuration names lie in `muq/<name>/` and
            `xlm-roberta/<name>/`, under the last part of their names.
        model: Name of its folder.
        batch: Most clips at once, on a CPU CPU_BATCH; it halves where memory ends.
        precision: Of the music side; see MuQEncoder.

    Raises:
        WeightsMissing: One of the three is not there.
        ConfigError: One is not what was recorded, or no such model.
    """

    name = "muq-mulan"
    sample_rate = SAMPLE_RATE
    licence = LICENCE

    def __init__(
        self,
        weights: Path,
        model: str = MODEL,
        *,
        batch: int = CPU_BATCH,
        precision: Asked = "fp32",
    ) -> None:
        own = find_weights(weights, "muq", model)
        self._config = read_config(own.path)
        self._parts = _Parts(
            own,
            audio=find_weights(weights, "muq", self._named("audio_model")),
            text=find_weights(weights, "xlm-roberta", self._named("text_model")),
        )
        self._model_name, self._batch, self._asked = model, batch, precision

    @property
    def dimension(self) -> int:
        """D, as the model's configuration says."""
        return int(self._config["mulan"]["dim_latent"])

    @cached_property
    def fingerprint(self) -> str:
        """Model, weights of its three parts, clips, library version, precision.

        With precision `auto` or `int8` the first call on a machine loads the model and
        measures.
        """
        return (
            f"{self.name}/{self._model_name}+{self._parts.sums}"
            f"/clips-{CLIP_S}s/muq-{library_version('muq')}/{self.precision}"
        )

    @cached_property
    def precision(self) -> Precision:
        """What was asked for, or what was measured to be faster and as good."""
        folder = self._parts.own.path
        return choose_precision(
            self._asked,
            lambda precision: partial(_latents, self._load(precision)),
            record=folder.with_name(f"{folder.name}.precision.json"),
            sha256=self._parts.sums,
            device=self._device,
        )

    def encode(self, track: Track, analysis: TrackAnalysis) -> TrackEmbedding:
        """Encode a song whole and window by window."""
        return self.encode_songs([(track, analysis)])[0]

    def encode_songs(self, songs: Sequence[Song]) -> list[TrackEmbedding]:
        """Encode several songs, whose clips share batches; all vectors unit length."""
        clips = [
            (track, start_s)
            for track, analysis in songs
            for start_s in analysis.starts_s.tolist()
        ]
        vectors = iter(in_batches(self._clip_vectors, clips, size=self._at_once))
        return [
            TrackEmbedding.of(
                analysis, np.stack([next(vectors) for _ in analysis.starts_s])
            )
            for _, analysis in songs
        ]

    def encode_texts(self, texts: Sequence[str]) -> Array:
        """Encode texts in order.

        Returns:
            float32[N, D], unit length.
        """
        return np.stack(list(in_batches(self._text_vectors, texts, size=TEXT_BATCH)))

    def _clip_vectors(self, clips: Sequence[tuple[Track, float]]) -> Array:
        import torch

        waves = torch.from_numpy(np.stack([_clip(*clip) for clip in clips]))
        return self._unit(_latents(self._model, waves.to(self._device)))

    def _text_vectors(self, texts: Sequence[str]) -> Array:
        import torch

        # One length a batch: the text side averages over padding too.
        with torch.inference_mode():
            latents = [self._model.extract_text_latents([text]) for text in texts]
        return self._unit(torch.cat(latents).float().cpu().numpy())

    def _unit(self, vectors: Array) -> Array:
        if not np.isfinite(vectors).all():
            raise ConfigError(
                f"{self._parts.own.path}: the model's vectors are not finite; fetch "
                "the weights again with 'make models PROFILE=<yours>'"
            )
        return l2_normalize(vectors)

    def _named(self, part: str) -> str:
        try:
            return str(self._config[part]["name"]).rstrip("/").rsplit("/", 1)[-1]
        except (KeyError, TypeError) as error:
            raise ConfigError(
                f"{CONFIG_FILE} of the MuQ-MuLan model names no {part}; fetch it again "
                "with 'make models PROFILE=<yours>'"
            ) from error

    @cached_property
    def _device(self) -> str:
        return choose_device()

    @property
    def _at_once(self) -> int:
        return min(self._batch, CPU_BATCH) if self._device == "cpu" else self._batch

    # The library's modules are untyped.
    @cached_property
    def _model(self) -> Any:  # noqa: ANN401
        return self._load(self.precision)

    def _load(self, precision: Precision) -> Any:  # noqa: ANN401
        import torch

        model = load_mulan(self._parts, self._config)
        from evoke_core.music.arithmetic import recast, recast_linears

        music = model.mulan_module.audio
        recast(music.model, precision, torch.from_numpy(stated_sound()))
        recast_linears(music.transformer, precision)
        return model.to(self._device)


@dataclass(frozen=True, slots=True)
class _Parts:
    """The model's own weights and the two models that its sides start from."""

    own: Weights
    audio: Weights
    text: Weights

    @property
    def sums(self) -> str:
        """What tells these weights from others."""
        all_three = (self.own, self.audio, self.text)
        return "-".join(each.sha256[:12] for each in all_three)


def _latents(model: Any, waves: "torch.Tensor") -> Array:  # noqa: ANN401
    """Return float32[N, D], the vectors of clips float32[N, S]."""
    import torch

    with torch.inference_mode():
        latents = model.mulan_module.get_audio_latents(waves)
        vectors: Array = latents.float().cpu().numpy()
    return vectors


def load_mulan(parts: _Parts, config: dict[str, Any]) -> Any:  # noqa: ANN401
    """Build MuQ-MuLan from local folders alone; no network is touched.

    The library asks the hub for both sides by name, and tells their kinds by words in
    it: a path that holds `muq` or `xlm-roberta` serves as both.

    Raises:
        ConfigError: Weights or configuration are damaged or don't fit.
    """
    _require_no_code(parts.text.path)
    file = parts.own.path / WEIGHTS_FILE
    checkpoint_shapes(file)
    mend_torch_extensions()
    from muq import MuQMuLan
    from safetensors.torch import load_model

    local = {
        **config,
        "audio_model": {**config["audio_model"], "name": str(parts.audio.path)},
        "text_model": {**config["text_model"], "name": str(parts.text.path)},
    }
    try:
        model = MuQMuLan(local)
        load_model(model, str(file), strict=False)
    except (RuntimeError, OSError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{parts.own.path}: its weights, {CONFIG_FILE}, {parts.audio.path.name} "
            f"and {parts.text.path.name} don't fit together ({error}); fetch all of "
            "them again with 'make models PROFILE=<yours>'"
        ) from error
    require_checkpoint(model, file, unused=UNUSED)
    return model.eval()


def _require_no_code(folder: Path) -> None:
    """Refuse a folder with programs: the library would trust and run them."""
    found = sorted(path.name for path in folder.rglob("*.py"))
    if found:
        raise ConfigError(
            f"{folder}: holds the program {found[0]}, which loading would run; weights "
            "are data: delete it"
        )


def _clip(track: Track, start_s: float) -> Array:
    """Return CLIP_S seconds from start_s; a shorter song starts again."""
    length = CLIP_S * SAMPLE_RATE
    start = min(round(start_s * SAMPLE_RATE), max(0, len(track.samples) - length))
    clip = np.resize(track.samples[start : start + length], length)
    release(track.samples)
    return clip
