"""What the Dagster UI shows of a memory: stems as spectrograms, strengths in a row.

Spectrograms are summed up while the stems pass by, so that memory does not grow with
the song. Plots follow `plots`: the finding is the title, readable at 700 px.
"""

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from evoke_core.vectors import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK = "#333333"
_FRAME = 2048  # samples of one spectrum, 46 ms at 44,100 Hz
_RANGE_HZ = (40.0, 16_000.0)
_BANDS, _COLUMNS = 72, 360
_DYNAMIC_DB = 70.0  # below the loudest band of all stems it is black
_FLOOR = 1e-12


class StemSpectrograms:
    """Spectrograms of S stems in step with each other.

    Args:
        stems: Their names.
        samples: Length of the song.
        sample_rate: Hz.
    """

    def __init__(self, stems: Sequence[str], samples: int, sample_rate: int) -> None:
        self.stems = tuple(stems)
        self.duration_s = samples / sample_rate
        self._frames = max(1, -(-samples // _FRAME))
        self._columns = min(_COLUMNS, self._frames)
        self._bands = _band_matrix(sample_rate)
        shape = (len(self.stems), _BANDS, self._columns)
        self._power = np.zeros(shape)
        self._counts = np.zeros(self._columns)
        self._left = np.zeros((len(self.stems), 0), np.float32)
        self._seen = 0

    def take(self, block: Array) -> None:
        """Add float32[S, N, 2], the next stretch of every stem."""
        self._add(np.concatenate([self._left, block.mean(axis=2)], axis=1))

    def decibels(self) -> Array:
        """Return float32[S, 72, columns]: dB below the loudest, at least -70.

        Rows go from 40 Hz to 16 kHz in equal ratios, columns from beginning to end.
        """
        rest = self._left.shape[1]
        if rest:  # the end of the song, filled up with silence
            self._add(np.pad(self._left, ((0, 0), (0, _FRAME - rest))))
        power = self._power / np.maximum(self._counts, 1)
        level = 10 * np.log10(power / max(float(power.max()), _FLOOR) + _FLOOR)
        shown: Array = np.maximum(level, -_DYNAMIC_DB).astype(np.float32)
        return shown

    def _add(self, sound: Array) -> None:
        count = sound.shape[1] // _FRAME
        self._left = sound[:, count * _FRAME :].copy()
        if not count:
            return
        frames = sound[:, : count * _FRAME].reshape(len(self.stems), count, _FRAME)
        spectra = np.abs(np.fft.rfft(frames * np.hanning(_FRAME))) ** 2  # [S, n, F]
        bands = spectra @ self._bands  # [S, n, 72]
        numbers = np.minimum(self._seen + np.arange(count), self._frames - 1)
        columns = numbers * self._columns // self._frames
        for column in np.unique(columns):
            here = columns == column
            self._power[:, :, column] += bands[:, here].sum(axis=1)
            self._counts[column] += here.sum()
        self._seen += count


def stems_plot(
    levels: Array, shares: Mapping[str, float], *, duration_s: float
) -> bytes:
    """Draw one spectrogram a stem, one below the other.

    Args:
        levels: float32[S, bands, columns], see StemSpectrograms.decibels.
        shares: Of the energy, by name of the stem, in the order of levels.
        duration_s: Of the song.

    Returns:
        PNG bytes.
    """
    figure = _figure(height=1.1 * len(shares) + 0.6)
    grid: Any = figure.subplots(len(shares), 1, sharex=True, squeeze=False)
    for axes, level, stem in zip(grid[:, 0], levels, shares, strict=True):
        axes.imshow(
            level, origin="lower", aspect="auto", cmap="magma",
            vmin=-_DYNAMIC_DB, vmax=0, extent=(0, duration_s, 0, len(level)),
        )  # fmt: skip
        ticks = [100, 1000, 10_000]
        axes.set_yticks([_row_of(hz) for hz in ticks], ["100", "1k", "10k Hz"])
        axes.set_ylabel(stem, fontsize=8, color=INK)
        axes.tick_params(labelsize=7, colors=INK)
    title = ", ".join(f"{stem} {share:.0%}" for stem, share in shares.items())
    grid[0, 0].set_title(f"Where the energy lies: {title}", fontsize=10, loc="left")
    grid[-1, 0].set_xlabel("seconds", fontsize=8)
    return _png(figure)


def strengths_sheet(
    images: Mapping[float, bytes | None], distances: Mapping[float, float]
) -> bytes:
    """Show the image at several strengths in a row, weakest first.

    Args:
        images: PNG by strength; None where there is none.
        distances: How far the states lie from text alone, 0 to 2, by strength.
    """
    from PIL import Image

    figure = _figure(height=7.0 / max(3, len(images)) + 0.8)
    grid: Any = figure.subplots(1, max(1, len(images)), squeeze=False)
    for axes, (strength, png) in zip(grid[0], sorted(images.items()), strict=True):
        axes.set_axis_off()
        away = f"\n{distances[strength]:.3f} from text" if strength else "\ntext alone"
        axes.set_title(f"strength {strength:g}{away}", fontsize=8, color=INK)
        if png is None:
            axes.text(0.5, 0.5, "no image", ha="center", fontsize=8, color=INK)
        else:
            axes.imshow(np.asarray(Image.open(io.BytesIO(png)).convert("RGB")))
    return _png(figure)


def _band_matrix(sample_rate: int) -> npt.NDArray[np.float64]:
    """Return float64[F, 72]: the share of each frequency in each band, 0 or 1."""
    hz = np.fft.rfftfreq(_FRAME, 1 / sample_rate)
    edges = np.geomspace(*_RANGE_HZ, _BANDS + 1)
    inside = (hz[:, None] >= edges[:-1]) & (hz[:, None] < edges[1:])
    # Low bands are narrower than the spectrum's step: each takes the nearest line.
    centres = np.sqrt(edges[:-1] * edges[1:])
    for band in np.flatnonzero(~inside.any(axis=0)):
        inside[np.abs(hz - centres[band]).argmin(), band] = True
    shares: npt.NDArray[np.float64] = inside / np.maximum(inside.sum(axis=0), 1)
    return shares


def _row_of(hz: float) -> float:
    low, high = np.log(_RANGE_HZ)
    return float((np.log(hz) - low) / (high - low) * _BANDS)


def _figure(*, height: float) -> "Figure":
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _png(figure: "Figure") -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    return buffer.getvalue()
