"""The MuQ encoder: what self-supervised listening hears in a song.

The song goes through the model once, in blocks of BLOCK_S seconds that don't overlap;
the features of each block's frames are averaged over the analysis' windows, which do.
That is half the work of encoding every window, and memory holds one batch of blocks.

Not here: the text side (mulan), fewer bits (arithmetic) and whether they are worth it
(precision), and weights' whereabouts (evoke_core.weights).
Source: Zhu et al. 2025, MuQ: self-supervised music representation learning with mel
residual vector quantization (arXiv 2501.01108); code MIT, weights CC BY-NC 4.0.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import groupby
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
from evoke_core.weights import find_weights

if TYPE_CHECKING:
    import torch

MODEL = "MuQ-large-msd-iter"
FRAME_RATE = 25  # of its features, a second
BLOCK_S = 10  # of sound that frames attend to; the length of the analysis' windows
CPU_BATCH = 4  # blocks; each of the first layers' maps is 65 MB a block
LICENCE = "CC-BY-NC-4.0"

# Training targets and the head that predicts them: features don't come from these.
UNUSED = ("model.linear.", "model.cls_token", "model.quantizer_", "model.rvq.")
_STATISTICS = ("melspec_2048_mean", "melspec_2048_std")

Song = tuple[Track, TrackAnalysis]


class MuQEncoder:
    """Encodes songs by MuQ's last hidden state; see MusicEncoder.

    The model is loaded by the first song, or where its precision has to be measured.
    float16, at which MuQ's authors warn of NaN, is no choice.

    Args:
        weights: Folder of pretrained weights; MuQ's own lie in `muq/<model>/`, as its
            `save_pretrained` leaves them.
        model: Name of that folder.
        batch: Most blocks at once, on a CPU CPU_BATCH; it halves where memory ends.
        precision: Of the arithmetic; `auto` takes bf16 where it was measured to be
            faster and as good, `int8` is refused where it was measured not to be.

    Raises:
        WeightsMissing: Nothing lies there.
        ConfigError: What lies there is not what was recorded, or no MuQ.
    """

    name = "muq"
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
        found = find_weights(weights, "muq", model)
        self._folder, self._sha256 = found.path, found.sha256
        self._config = read_config(found.path)
        self._model_name, self._batch, self._asked = model, batch, precision

    @property
    def dimension(self) -> int:
        """D, as the model's configuration says."""
        return int(self._config.get("encoder_dim", 1024))

    @cached_property
    def fingerprint(self) -> str:
        """Model, weights, layout of blocks and windows, library version, precision.

        With precision `auto` or `int8` the first call on a machine loads the model and
        measures.
        """
        return (
            f"{self.name}/{self._model_name}+{self._sha256[:16]}"
            f"/last-hidden-mean/blocks-{BLOCK_S}s/muq-{library_version('muq')}"
            f"/{self.precision}"
        )

    @cached_property
    def precision(self) -> Precision:
        """What was asked for, or what was measured to be faster and as good."""
        return choose_precision(
            self._asked,
            lambda precision: partial(_means, self._load(precision)),
            record=self._folder.with_name(f"{self._folder.name}.precision.json"),
            sha256=self._sha256,
            device=self._device,
        )

    def encode(self, track: Track, analysis: TrackAnalysis) -> TrackEmbedding:
        """Encode a song whole and window by window."""
        return self.encode_songs([(track, analysis)])[0]

    def encode_songs(self, songs: Sequence[Song]) -> list[TrackEmbedding]:
        """Encode several songs, whose blocks share batches.

        A window is the mean of its frames; the whole is the mean of the windows by
        salience. All are unit length.

        Raises:
            ConfigError: The weights are damaged, or give numbers that are not finite.
        """
        pools = [_Pool(analysis, self.dimension) for _, analysis in songs]
        for _, alike in groupby(_blocks(songs), key=lambda block: block.length):
            jobs = list(alike)
            features = in_batches(self._features, jobs, size=self._at_once)
            for job, frames in zip(jobs, features, strict=True):
                pools[job.song].add(job, frames)
        return [pool.embedding() for pool in pools]

    def _features(self, jobs: Sequence["_Block"]) -> Array:
        """Return float32[B, T, D] of blocks of one length."""
        import torch

        waves = torch.from_numpy(np.stack([job.read() for job in jobs]))
        with torch.inference_mode():
            output = self._model(waves.to(self._device), output_hidden_states=False)
            features: Array = output.last_hidden_state.float().cpu().numpy()
        if not np.isfinite(features).all():
            raise ConfigError(
                f"{self._folder}: the model's features are not finite; fetch the "
                "weights again with 'make models PROFILE=<yours>'"
            )
        return features

    @cached_property
    def _device(self) -> str:
        return choose_device()

    @property
    def _at_once(self) -> int:
        return min(self._batch, CPU_BATCH) if self._device == "cpu" else self._batch

    @cached_property
    def _model(self) -> "torch.nn.Module":
        return self._load(self.precision)

    def _load(self, precision: Precision) -> "torch.nn.Module":
        import torch

        model = load_muq(self._folder)
        from evoke_core.music.arithmetic import recast

        recast(model, precision, torch.from_numpy(stated_sound()))
        return model.to(self._device)


def _means(model: "torch.nn.Module", waves: "torch.Tensor") -> Array:
    """Return float32[N, D], the mean features of float32[N, S]."""
    import torch

    with torch.inference_mode():
        output = model(waves, output_hidden_states=False)
        means: Array = output.last_hidden_state.float().mean(dim=1).cpu().numpy()
    return means


def read_config(folder: Path) -> dict[str, Any]:
    """Read the configuration that MuQ's `save_pretrained` leaves beside the weights.

    Raises:
        ConfigError: It is missing or holds no mapping in JSON.
    """
    path = folder / CONFIG_FILE
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(
            f"{path}: no configuration of a model ({error}); muq wants a folder with "
            f"{CONFIG_FILE} and {WEIGHTS_FILE}: fetch it with 'make models "
            "PROFILE=<yours>'"
        ) from error


def load_muq(folder: Path) -> "torch.nn.Module":
    """Load MuQ from a folder by the library's own loader; no network is touched.

    Raises:
        ConfigError: Configuration or weights are missing, damaged or don't fit.
    """
    missing = [
        name
        for name in _STATISTICS
        if name not in (read_config(folder).get("stat") or {})
    ]
    if missing:
        raise ConfigError(f"{folder / CONFIG_FILE}: stat lacks {', '.join(missing)}")
    checkpoint_shapes(folder / WEIGHTS_FILE)  # a damaged file is said as such
    mend_torch_extensions()
    import muq

    try:
        model: torch.nn.Module = muq.MuQ.from_pretrained(str(folder))
    except RuntimeError as error:
        raise ConfigError(
            f"{folder}: weights and {CONFIG_FILE} are of different models ({error}); "
            "fetch both again with 'make models PROFILE=<yours>'"
        ) from error
    require_checkpoint(model, folder / WEIGHTS_FILE, unused=UNUSED)
    return model.eval()


@dataclass(frozen=True, slots=True)
class _Block:
    """A stretch of one song; frames before new_s were counted with the block before."""

    song: int
    samples: Array
    start: int
    length: int
    new_s: float

    def read(self) -> Array:
        block = np.array(self.samples[self.start : self.start + self.length])
        release(self.samples)
        return block


def _blocks(songs: Sequence[Song]) -> Iterator[_Block]:
    """Yield each song's blocks; the last ends with it, and so may overlap."""
    for song, (track, _) in enumerate(songs):
        if track.sample_rate != SAMPLE_RATE:
            raise ValueError(f"MuQ wants {SAMPLE_RATE} Hz, got {track.sample_rate}")
        length = min(BLOCK_S * SAMPLE_RATE, len(track.samples))
        for nominal in range(0, len(track.samples), length):
            start = min(nominal, len(track.samples) - length)
            yield _Block(song, track.samples, start, length, nominal / SAMPLE_RATE)


class _Pool:
    """Averages frames over the windows of one song as they come."""

    def __init__(self, analysis: TrackAnalysis, dimension: int) -> None:
        self._analysis = analysis
        self._sums = np.zeros((len(analysis.starts_s), dimension))
        self._counts = np.zeros(len(analysis.starts_s))

    def add(self, block: _Block, frames: Array) -> None:
        """Add float32[T, D] of a block."""
        middles = (np.arange(len(frames)) + 0.5) / FRAME_RATE
        times = block.start / SAMPLE_RATE + middles
        new = times >= block.new_s
        starts, ends = self._analysis.starts_s, self._analysis.ends_s
        inside = (times >= starts[:, None]) & (times < ends[:, None]) & new
        rows = np.flatnonzero(inside.any(axis=1))
        self._sums[rows] += inside[rows].astype(np.float32) @ frames
        self._counts += inside.sum(axis=1)

    def embedding(self) -> TrackEmbedding:
        """Return unit vectors of the windows and of the whole."""
        windows = l2_normalize(self._sums / np.maximum(self._counts, 1)[:, None])
        return TrackEmbedding.of(self._analysis, windows)
