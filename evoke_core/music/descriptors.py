"""What a stretch of music measures: one row of named numbers, in their own units.

Not here: what they make people feel (emotion), the curves they are read from (spectra),
the arithmetic of beat (rhythm) and key (tonality), which cite their sources.
Sources: EBU Tech 3342 (loudness range); Tzanetakis & Cook 2002 (low-energy share);
Jiang et al. 2002 (spectral contrast); Aucouturier & Pachet 2004 (steps of the MFCC).
"""

import numpy as np

from evoke_core.music.partials import TONAL_RATE
from evoke_core.music.rhythm import band_modulation, modulation, onset_rate, tempo
from evoke_core.music.spectra import Spectra
from evoke_core.music.timbre import COEFFICIENTS, FRAME_RATE
from evoke_core.music.tonality import harmonic_change, mode_and_clarity
from evoke_core.vectors import Array

WINDOW_S = 10.0  # listeners settle on a mood after about 8 s (Bachorik 2009)
HOP_S = 5.0  # half overlap: no phrase falls between two windows

_CONTRAST_BANDS = range(1, 7)  # 40, 200, 400, 800, 1,600, 3,200 Hz to 8 kHz
_WIDE_BANDS = ("bass", "low", "high", "treble")  # to 0.6, 1.6, 3.6 and 8 kHz
_RATES = (1, 2, 4, 8)

BLOCKS: dict[str, tuple[str, ...]] = {
    "dynamics": (
        "level_db",  # mean power, dB of full scale
        "loudness",  # ten times log2 of the mean summed band loudness
        "loudness_range_db",  # 95th minus 10th percentile of frame levels
        "level_spread_db",  # standard deviation of frame levels
        "low_energy_share",  # share of frames below the mean RMS
        "level_trend_db",  # rise of the level over the window, by least squares
        "crest_db",  # loudest frame above the mean power
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
        # natural logarithm of the mean absolute step from frame to frame
        *(f"mfcc_{order}_step" for order in range(1, COEFFICIENTS + 1)),
        *(f"contrast_{band}_db" for band in _CONTRAST_BANDS),  # peak less valley
        *(f"valley_{band}_db" for band in _CONTRAST_BANDS),  # less the mean valley
    ),
    "rhythm": (
        "flux_db",  # mean rise of the bands over 46 ms
        "flux_spread_db",
        "bass_flux_db",
        "flux_median_db",
        "flux_peak_db",  # 95th percentile: the accents
        "onset_rate",  # onsets a second
        "tempo",  # log2 of beats a minute
        "pulse_clarity",  # height of the beat in the autocorrelation, 0 to 1
        "modulation_1_hz",  # shares of the onset curve's power by octave, square root
        "modulation_2_hz",
        "modulation_4_hz",
        "modulation_8_hz",
        # natural logarithm of the power with which a band's level moves
        *(f"{band}_moves_{rate}_hz" for band in _WIDE_BANDS for rate in _RATES),
    ),
    "tonality": (
        "majorness",  # best major minus best minor key correlation
        "key_clarity",  # best key correlation, both as means of three sets of profiles
        "chroma_entropy",  # 0 is one pitch class, 1 all twelve alike
        "tonal_flux",  # mean step of the tonal centroid
        *(f"harmonic_change_{name}_s" for name in ("half", "1", "2", "4")),
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

_MIDDLE_PITCH = 9.0  # log2 Hz; stands for a register where nothing has pitch
_STILL = 1e-3  # dB; a step of the MFCC that nobody hears


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
        float(10 * np.log10(power.max() / power.mean())),
    ]


def _timbre(spectra: Spectra, fine: slice, tonal: slice) -> list[float]:
    # Pauses have no timbre: each frame counts by its loudness.
    weight = spectra.loudness[fine] / spectra.loudness[fine].sum()
    brightness = spectra.brightness[fine]
    mean = float(weight @ brightness)
    mfcc = spectra.mfcc[fine]
    mfcc_mean = weight @ mfcc
    mfcc_spread = np.sqrt(weight @ (mfcc - mfcc_mean) ** 2)
    steps = np.abs(np.diff(mfcc, axis=0)).sum(axis=0) / max(len(mfcc) - 1, 1)
    contrast = spectra.contrast[tonal].mean(axis=0)
    return [
        mean,
        float(np.sqrt(weight @ (brightness - mean) ** 2)),
        float(weight @ spectra.bandwidth[fine]),
        float(weight @ spectra.rolloff[fine]),
        float(weight @ spectra.flatness[fine]),
        float(spectra.complexity[tonal].mean()),
        *mfcc_mean.tolist(),
        *mfcc_spread.tolist(),
        *np.log(steps + _STILL).tolist(),
        *contrast.tolist(),
    ]


def _rhythm(spectra: Spectra, fine: slice) -> list[float]:
    flux = spectra.flux[fine].astype(np.float64)
    beat, clarity = tempo(flux)
    median, peak = np.percentile(flux, [50, 95])
    return [
        float(flux.mean()),
        float(flux.std()),
        float(spectra.bass_flux[fine].mean()),
        float(median),
        float(peak),
        onset_rate(flux),
        beat,
        clarity,
        *modulation(flux),
        *band_modulation(spectra.band_levels[fine]),
    ]


def _tonality(spectra: Spectra, tonal: slice) -> list[float]:
    chroma = spectra.chroma[tonal].sum(axis=0).astype(np.float64)
    majorness, clarity = mode_and_clarity(chroma)
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
        *harmonic_change(spectra.chroma[tonal]),
        float(spectra.roughness[tonal].mean()),
        float(register.mean()) if len(register) else _MIDDLE_PITCH,
        *np.hypot(mean[:3], mean[3:]).tolist(),
        *(12 * float(share @ np.roll(share, step)) for step in range(1, 7)),
    ]
