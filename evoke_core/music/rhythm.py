"""Tempo, pulse, onsets and modulation of a window, read from its onset curve.

Not here: the curves themselves (timbre), and the order of the numbers (descriptors).
Sources: Ellis 2007 (tempo prior); Lartillot et al. 2008 (pulse clarity); Pampalk 2006
(modulation of bands, fluctuation patterns).
"""

from itertools import pairwise

import numpy as np

from evoke_core.music.timbre import FRAME_RATE
from evoke_core.vectors import Array, Array64

_SLOWEST_BPM, _FASTEST_BPM = 40.0, 220.0
_FAVOURED_BPM, _TEMPO_OCTAVES = 120.0, 0.9  # centre and width of Ellis' prior
_FAINT_PULSE = 0.15  # the highest of 50 lags of unrelated noise reaches 0.13
_ONSET_DB = 1.0  # smallest rise above its surroundings that is heard as an onset
_MODULATION_HZ = (0.7, 1.4, 2.8, 5.6, 11.2)  # octaves around 1, 2, 4 and 8 Hz
_STILL_DB2 = 1e-3  # power of a modulation that nobody hears


def onset_rate(flux: Array64) -> float:
    """Count peaks that lead 70 ms either side and stand out of the half second.

    Args:
        flux: float64[T], rise of the bands in dB.

    Returns:
        Onsets a second.
    """
    padded = np.pad(flux, 11, mode="edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, 23)
    is_peak = flux >= around[:, 8:15].max(axis=1)
    is_peak[1:] &= flux[1:] > flux[:-1]  # a plateau counts once
    stands_out = flux > around.mean(axis=1) + _ONSET_DB
    return int((is_peak & stands_out).sum()) * FRAME_RATE / len(flux)


def tempo(flux: Array64) -> tuple[float, float]:
    """Return log2 of beats a minute and pulse clarity; 120 where nothing beats."""
    centred = flux - flux.mean()
    spectrum = np.fft.rfft(centred, 2 * len(flux))
    similarity = np.fft.irfft(np.abs(spectrum) ** 2)[: len(flux)]
    lags = np.arange(1, len(flux) - 1)
    bpm = 60 * FRAME_RATE / lags
    lags = lags[(bpm >= _SLOWEST_BPM) & (bpm <= _FASTEST_BPM)]
    if similarity[0] < 1e-6 or len(lags) == 0:
        return float(np.log2(_FAVOURED_BPM)), 0.0
    # Longer lags overlap less; without the correction the beat's double would lose.
    similarity = (
        similarity / similarity[0] * len(flux) / (len(flux) - np.arange(len(flux)))
    )
    octaves = np.log2(60 * FRAME_RATE / lags / _FAVOURED_BPM) / _TEMPO_OCTAVES
    favoured = similarity[lags] * np.exp(-0.5 * octaves**2)
    best = int(lags[favoured.argmax()])
    before, peak, after = similarity[best - 1 : best + 2]
    if peak < _FAINT_PULSE:
        return float(np.log2(_FAVOURED_BPM)), float(max(peak, 0))
    bend = before - 2 * peak + after
    shift = (
        float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5)) if bend < 0 else 0.0
    )
    return float(np.log2(60 * FRAME_RATE / (best + shift))), float(min(peak, 1))


def modulation(flux: Array64) -> list[float]:
    """Return the square root of each octave's share in the onset curve's power."""
    power = _octave_powers(flux[:, None])[:, 0]
    centred = (flux - flux.mean()) * np.hanning(len(flux))
    total = (np.abs(np.fft.rfft(centred)) ** 2).sum() + 1e-9
    return [float(share) for share in np.sqrt(power / total)]


def band_modulation(band_levels: Array) -> list[float]:
    """Return how strongly each band's level moves, 1, 2, 4 and 8 times a second.

    Args:
        band_levels: float32[T, B], dB.

    Returns:
        4 B natural logarithms of power a frame, in dB squared; by band, then rate.
    """
    power = _octave_powers(band_levels.astype(np.float64)) / len(band_levels)
    return [float(each) for each in np.log(power + _STILL_DB2).T.ravel()]


def _octave_powers(curves: Array64) -> Array64:
    """Return float64[4, B] of float64[T, B]."""
    window = np.hanning(len(curves))[:, None]
    centred = (curves - curves.mean(axis=0)) * window
    power = np.abs(np.fft.rfft(centred, axis=0)) ** 2
    hertz = np.fft.rfftfreq(len(curves), 1 / FRAME_RATE)
    return np.stack(
        [
            power[(hertz >= low) & (hertz < high)].sum(axis=0)
            for low, high in pairwise(_MODULATION_HZ)
        ]
    )
