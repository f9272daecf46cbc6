"""What a stretch of music measures: one row of named numbers, in their own units.

Not here: what they make people feel (emotion), the curves they are read from (spectra).
Sources: EBU Tech 3342 (loudness range); Tzanetakis & Cook 2002 (low-energy share);
Ellis 2007 (tempo prior); Lartillot et al. 2008 (pulse clarity); Pampalk 2006
(modulation of the onset curve); Krumhansl & Kessler 1982 (key profiles); Saari, Eerola
& Lartillot 2011 (majorness); Harte, Sandler & Gasser 2006 (tonal flux).
"""

from itertools import pairwise

import numpy as np

from evoke_core.music.spectra import (
    COEFFICIENTS,
    FRAME_RATE,
    TONAL_RATE,
    Spectra,
)
from evoke_core.vectors import Array, Array64

WINDOW_S = 10.0  # listeners settle on a mood after about 8 s (Bachorik 2009)
HOP_S = 5.0  # half overlap: no phrase falls between two windows

BLOCKS: dict[str, tuple[str, ...]] = {
    "dynamics": (
        "level_db",  # mean power, dB of full scale
        "loudness",  # ten times log2 of the mean summed band loudness
        "loudness_range_db",  # 95th minus 10th percentile of frame levels
        "level_spread_db",  # standard deviation of frame levels
        "low_energy_share",  # share of frames below the mean RMS
        "level_trend_db",  # rise of the level over the window, by least squares
    ),
    "timbre": (
        "brightness",  # mean spectral centroid, log2 Hz
        "brightness_spread",
        "bandwidth",  # octaves
        "rolloff",  # log2 Hz
        "flatness_db",
        "complexity",  # partials a frame
        *(f"mfcc_{order}" for order in range(1, COEFFICIENTS + 1)),
        *(f"mfcc_{order}_spread" for order in range(1, COEFFICIENTS + 1)),
    ),
    "rhythm": (
        "flux_db",  # mean rise of the bands over 46 ms
        "flux_spread_db",
        "bass_flux_db",
        "onset_rate",  # onsets a second
        "tempo",  # log2 of beats a minute
        "pulse_clarity",  # height of the beat in the autocorrelation, 0 to 1
        "modulation_1_hz",  # shares of the onset curve's power by octave, square root
        "modulation_2_hz",
        "modulation_4_hz",
        "modulation_8_hz",
    ),
    "tonality": (
        "majorness",  # best major minus best minor key correlation
        "key_clarity",  # best key correlation
        "chroma_entropy",  # 0 is one pitch class, 1 all twelve alike
        "tonal_flux",  # mean step of the tonal centroid
        "roughness",  # sensory dissonance a unit of amplitude
        "register",  # mean pitch of the partials, log2 Hz
        "fifths",  # length of the mean tonal centroid on each of its circles
        "minor_thirds",
        "major_thirds",
        *(f"interval_{semitones}" for semitones in range(1, 7)),
    ),
}
DESCRIPTORS: tuple[str, ...] = tuple(
    name for names in BLOCKS.values() for name in names
)

_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
_SLOWEST_BPM, _FASTEST_BPM = 40.0, 220.0
_FAVOURED_BPM, _TEMPO_OCTAVES = 120.0, 0.9  # centre and width of Ellis' prior
_MIDDLE_PITCH = 9.0  # log2 Hz; stands for a register where nothing has pitch
_FAINT_PULSE = 0.15  # the highest of 50 lags of unrelated noise reaches 0.13
_ONSET_DB = 1.0  # smallest rise above its surroundings that is heard as an onset
_MODULATION_HZ = (0.7, 1.4, 2.8, 5.6, 11.2)  # octaves around 1, 2, 4 and 8 Hz


def place_windows(duration_s: float) -> tuple[Array, Array]:
    """Place a song's windows, WINDOW_S long and HOP_S apart; the last ends with it.

    Returns:
        float32[W] starts and float32[W] ends in seconds; a song no longer than a window
        is one window.
    """
    if duration_s <= WINDOW_S:
        starts = np.zeros(1)
    else:
        count = int(np.ceil((duration_s - WINDOW_S) / HOP_S)) + 1
        starts = np.minimum(np.arange(count) * HOP_S, duration_s - WINDOW_S)
    ends = np.minimum(starts + WINDOW_S, duration_s)
    return starts.astype(np.float32), ends.astype(np.float32)


def describe(spectra: Spectra, start_s: float, end_s: float) -> Array:
    """Measure one stretch of a song.

    Args:
        spectra: Of the whole song.
        start_s: Seconds.
        end_s: Seconds, after start_s.

    Returns:
        float32[K] in the order of DESCRIPTORS, finite, not standardised.
    """
    fine = _frames(start_s, end_s, FRAME_RATE, len(spectra.power))
    tonal = _frames(start_s, end_s, TONAL_RATE, len(spectra.chroma))
    values = [
        *_dynamics(spectra, fine),
        *_timbre(spectra, fine, tonal),
        *_rhythm(spectra, fine),
        *_tonality(spectra, tonal),
    ]
    return np.array(values, dtype=np.float32)


def _frames(start_s: float, end_s: float, rate: float, count: int) -> slice:
    first = min(int(np.ceil(start_s * rate)), count - 1)
    return slice(first, max(first + 1, min(int(end_s * rate) + 1, count)))


def _dynamics(spectra: Spectra, fine: slice) -> list[float]:
    power = spectra.power[fine].astype(np.float64) + 1e-8
    level_db = 10 * np.log10(power)
    high, low = np.percentile(level_db, [95, 10])
    rms = np.sqrt(power)
    time = np.linspace(-0.5, 0.5, len(power))
    slope = (time * level_db).sum() / max((time**2).sum(), 1e-9)
    return [
        float(10 * np.log10(power.mean())),
        float(10 * np.log2(spectra.loudness[fine].mean())),
        float(high - low),
        float(level_db.std()),
        float((rms < rms.mean()).mean()),
        float(slope),
    ]


def _timbre(spectra: Spectra, fine: slice, tonal: slice) -> list[float]:
    # Pauses have no timbre: each frame counts by its loudness.
    weight = spectra.loudness[fine] / spectra.loudness[fine].sum()
    brightness = spectra.brightness[fine]
    mean = float(weight @ brightness)
    mfcc = spectra.mfcc[fine]
    mfcc_mean = weight @ mfcc
    mfcc_spread = np.sqrt(weight @ (mfcc - mfcc_mean) ** 2)
    return [
        mean,
        float(np.sqrt(weight @ (brightness - mean) ** 2)),
        float(weight @ spectra.bandwidth[fine]),
        float(weight @ spectra.rolloff[fine]),
        float(weight @ spectra.flatness[fine]),
        float(spectra.complexity[tonal].mean()),
        *mfcc_mean.tolist(),
        *mfcc_spread.tolist(),
    ]


def _rhythm(spectra: Spectra, fine: slice) -> list[float]:
    flux = spectra.flux[fine].astype(np.float64)
    tempo, clarity = _tempo(flux)
    return [
        float(flux.mean()),
        float(flux.std()),
        float(spectra.bass_flux[fine].mean()),
        _count_onsets(flux) * FRAME_RATE / len(flux),
        tempo,
        clarity,
        *_modulation(flux),
    ]


def _count_onsets(flux: Array64) -> int:
    """Count peaks that lead 70 ms either side and stand out of the half second."""
    padded = np.pad(flux, 11, mode="edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, 23)
    is_peak = flux >= around[:, 8:15].max(axis=1)
    is_peak[1:] &= flux[1:] > flux[:-1]  # a plateau counts once
    return int((is_peak & (flux > around.mean(axis=1) + _ONSET_DB)).sum())


def _tempo(flux: Array64) -> tuple[float, float]:
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


def _modulation(flux: Array64) -> list[float]:
    power = np.abs(np.fft.rfft((flux - flux.mean()) * np.hanning(len(flux)))) ** 2
    hertz = np.fft.rfftfreq(len(flux), 1 / FRAME_RATE)
    total = power.sum() + 1e-9
    edges = pairwise(_MODULATION_HZ)
    shares = [
        power[(hertz >= low) & (hertz < high)].sum() / total for low, high in edges
    ]
    return [float(np.sqrt(share)) for share in shares]


def _tonality(spectra: Spectra, tonal: slice) -> list[float]:
    chroma = spectra.chroma[tonal].sum(axis=0).astype(np.float64)
    majorness, clarity = _key(chroma)
    share = chroma / max(chroma.sum(), 1e-9)
    entropy = -(share * np.log(share + 1e-12)).sum() / np.log(12)
    centroid = spectra.tonal_centroid[tonal]
    sounding = spectra.chroma[tonal].sum(axis=1) > 0
    steps = np.linalg.norm(np.diff(centroid, axis=0), axis=1)
    steps = steps[sounding[1:] & sounding[:-1]]
    mean = centroid.sum(axis=0) / max(int(sounding.sum()), 1)
    register = spectra.register[tonal][sounding]
    return [
        majorness,
        clarity,
        float(entropy),
        float(steps.mean()) if len(steps) else 0.0,
        float(spectra.roughness[tonal].mean()),
        float(register.mean()) if len(register) else _MIDDLE_PITCH,
        *np.hypot(mean[:3], mean[3:]).tolist(),
        *(12 * float(share @ np.roll(share, step)) for step in range(1, 7)),
    ]


def _key(chroma: Array64) -> tuple[float, float]:
    """Return best major minus best minor correlation, and the best of all 24."""
    if chroma.std() < 1e-9 * max(chroma.mean(), 1.0):
        return 0.0, 0.0
    best = [
        max(
            float(np.corrcoef(chroma, np.roll(profile, tonic))[0, 1])
            for tonic in range(12)
        )
        for profile in (_MAJOR, _MINOR)
    ]
    return best[0] - best[1], max(best)
