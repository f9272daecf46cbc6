"""A song's four stems, block by block, in the memory of a few seconds.

The song is cut into the model's own segments (7.8 s), a quarter of each shared with the
next and cross-faded by a triangle, as the library does on whole songs: the result is
the library's, for any length. Its random time shifts are left out, so that a song has
the same stems every time; they are worth about 0.2 dB.

Not here: the model's files (demucs_model), where stems go (stem_files, audio_vector).
Source: Rouard, Massa & Défossez 2023 (arXiv 2211.08553); `demucs.apply.apply_model`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np

from evoke_core.devices import choose_device
from evoke_core.errors import ConfigError
from evoke_core.memory.demucs_model import STEMS, load_demucs
from evoke_core.memory.stereo import StereoTrack
from evoke_core.memory.terms import look_up_terms
from evoke_core.music.batches import library_version
from evoke_core.music.waveform import release
from evoke_core.vectors import Array
from evoke_core.weights import find_weights

MODEL = "htdemucs"
OVERLAP = 0.25  # of a segment, shared with the next; the library's own
MAX_DB = 120.0  # what a perfect sum is reported as
_STILL = 1e-8  # keeps the division defined, as in the library


@dataclass(frozen=True, slots=True)
class StemBlock:
    """A stretch of a song; blocks follow each other without gap or overlap.

    Args:
        stems: float32[4, N, 2], in the order of STEMS.
        mix: float32[N, 2], what was separated.
    """

    stems: Array
    mix: Array


class StemSeparator:
    """Separates songs into STEMS by Demucs; the model is loaded by the first song.

    Args:
        weights: Folder of pretrained weights; `demucs/<model>/` is the model.
        model: Name of its folder.

    Raises:
        WeightsMissing: It is not there.
        ConfigError: It is not what was recorded.
    """

    def __init__(self, weights: Path, model: str = MODEL) -> None:
        self._weights = find_weights(weights, "demucs", model)
        self._name = model

    @property
    def licence(self) -> str:
        """Name of the weights' licence, see terms."""
        return look_up_terms("demucs", self._name).licence

    @property
    def fingerprint(self) -> str:
        """Model, weights, library version, overlap."""
        return (
            f"demucs/{self._name}+{self._weights.sha256[:12]}"
            f"/demucs-{library_version('demucs')}/overlap-{OVERLAP}/fp32"
        )

    @property
    def sample_rate(self) -> int:
        """Hz that songs have to come in, and stems leave in; loads the model."""
        return int(self._model.samplerate)

    def separate(self, track: StereoTrack) -> Iterator[StemBlock]:
        """Yield a song's stems from beginning to end.

        Args:
            track: At `sample_rate`; any length >= 1 sample.

        Raises:
            ConfigError: The track has another rate, or the weights give no numbers.
        """
        if track.sample_rate != self.sample_rate:
            raise ConfigError(
                f"stems: the model works at {self.sample_rate} Hz and the song came at "
                f"{track.sample_rate} Hz; decode it with decode_stereo at the model's"
            )
        length = self._segment
        stride = int((1 - OVERLAP) * length)
        fade = _triangle(length)
        carried, weight = np.zeros((4, 0, 2), np.float32), np.zeros(0, np.float32)
        for start in range(0, len(track.samples), stride):
            stems = self._stems_of(track, start)
            count = max(stems.shape[1], carried.shape[1])
            total = np.zeros((4, count, 2), np.float32)
            total[:, : stems.shape[1]] = stems * fade[: stems.shape[1], None]
            total[:, : carried.shape[1]] += carried
            weights = np.pad(fade[: stems.shape[1]], (0, count - stems.shape[1]))
            weights[: len(weight)] += weight
            done = min(stride, len(track.samples) - start)
            mix = track.samples[start : start + done].copy()
            release(track.samples)
            faded = total[:, :done] / weights[:done, None]
            yield StemBlock(faded.astype(np.float32, copy=False), mix)
            carried, weight = total[:, done:], weights[done:]

    def _stems_of(self, track: StereoTrack, start: int) -> Array:
        """Return float32[4, N, 2] of the segment at start, N <= a segment."""
        import torch
        from demucs.apply import TensorChunk, apply_model

        # A last, short segment is filled up with what lies before it.
        first = max(0, start - self._segment)
        sound = track.samples[first : start + self._segment]
        scale = track.deviation + _STILL
        near = (sound.T - np.float32(track.mean)) / np.float32(scale)
        mix = torch.from_numpy(np.ascontiguousarray(near)[None])
        chunk = TensorChunk(  # type: ignore[no-untyped-call]
            mix, start - first, self._segment
        )
        with torch.inference_mode():
            made = apply_model(
                self._model, chunk, shifts=0, split=False, device=choose_device()
            )
        stems: Array = made[0, self._order].cpu().numpy().transpose(0, 2, 1)
        if not np.isfinite(stems).all():
            raise ConfigError(
                f"{self._weights.path}: the stems are not finite; fetch the weights "
                "again with 'make models PROFILE=<yours>'"
            )
        return stems * np.float32(scale) + np.float32(track.mean)

    # The library's models are untyped.
    @cached_property
    def _model(self) -> Any:  # noqa: ANN401
        # Otherwise the library would carry the weights over for every segment.
        return load_demucs(self._weights.path).to(choose_device())

    @cached_property
    def _order(self) -> list[int]:
        return [self._model.sources.index(stem) for stem in STEMS]

    @cached_property
    def _segment(self) -> int:
        seconds = min(model.segment for model in self._model.models)
        return int(seconds * self.sample_rate)


class StemTally:
    """Counts while stems pass by: their levels, and how well they sum to the mix."""

    def __init__(self) -> None:
        self._powers = np.zeros(4)
        self._mix = self._rest = 0.0
        self._count = 0

    def take(self, block: StemBlock) -> None:
        """Count one block."""
        wide = block.stems.astype(np.float64)
        rest = block.mix - wide.sum(axis=0)
        self._powers += np.square(wide).sum(axis=(1, 2))
        self._mix += float(np.square(block.mix, dtype=np.float64).sum())
        self._rest += float(np.square(rest).sum())
        self._count += block.mix.size

    @property
    def snr_db(self) -> float:
        """Power of the mix over that of mix less sum of stems, at most MAX_DB."""
        return _decibels(self._mix, self._rest)

    @property
    def levels_db(self) -> tuple[float, ...]:
        """Mean level of each stem in dB of full scale, at least -MAX_DB."""
        count = max(1, self._count)
        return tuple(_decibels(float(power) / count, 1.0) for power in self._powers)


def _decibels(power: float, against: float) -> float:
    floor = 10 ** (-MAX_DB / 10)
    if against <= power * floor:
        return MAX_DB
    return float(max(-MAX_DB, 10 * np.log10(max(power / against, floor))))


def _triangle(length: int) -> Array:
    """Return float32[length], rising to 1 in the middle; > 0."""
    half = length // 2
    rising = np.arange(1, half + 1)
    falling = np.arange(length - half, 0, -1)
    sides = np.concatenate([rising, falling]).astype(np.float32)
    return cast("Array", sides / sides.max())
