"""What the ear gets of a song, frame by frame; computed once, read by all features.

Two short-time spectra share the work: a fine one (93 ms frames, 23 ms apart) tells
level, timbre and onsets (timbre), a tonal one (372 ms, 93 ms apart) keeps the spectral
peaks (partials) from which pitch (chroma) and consonance follow.

Not here: the arithmetic of the curves, and what they mean over a window (descriptors).
"""

from dataclasses import dataclass

from evoke_core.music.chroma import pitch_classes, tonal_centroid
from evoke_core.music.decode import Track
from evoke_core.music.frames import at_analysis_rate
from evoke_core.music.partials import tonal_curves
from evoke_core.music.timbre import fine_curves
from evoke_core.vectors import Array


@dataclass(frozen=True, slots=True)
class Spectra:
    """Curves over a song; T fine frames at FRAME_RATE, U tonal ones at TONAL_RATE.

    Args:
        duration_s: Length of the song.
        power: float32[T], mean square, full scale 1.
        loudness: float32[T], sum over mel bands of power to the 0.3, >= 0.
        mfcc: float32[T, 12], of the mel bands in dB, coefficients 1 to 12.
        brightness: float32[T], spectral centroid in log2 Hz, 40 Hz to 8 kHz.
        bandwidth: float32[T], magnitude-weighted standard deviation in octaves.
        rolloff: float32[T], log2 of the Hz below which 85 % of the power lies.
        flatness: float32[T], geometric over arithmetic mean of mel power, in dB.
        flux: float32[T], mean rise of the mel bands over 46 ms, in dB.
        bass_flux: float32[T], the same of the bands below 250 Hz.
        band_levels: float32[T, 4], mean level of ten mel bands each, in dB.
        contrast: float32[U, 12], of six octave bands from 40 Hz to 8 kHz: peak less
            valley in dB, then the valley less the mean valley.
        chroma: float32[U, 12], pitch classes from C, tuning removed, loudness-like.
        tonal_centroid: float32[U, 6], of the chroma at unit sum; zero where silent.
        roughness: float32[U], sensory dissonance a unit of amplitude, >= 0.
        complexity: float32[U], number of partials within 40 dB of the strongest.
        register: float32[U], magnitude-weighted mean pitch of the partials, log2 Hz.
    """

    duration_s: float
    power: Array
    loudness: Array
    mfcc: Array
    brightness: Array
    bandwidth: Array
    rolloff: Array
    flatness: Array
    flux: Array
    bass_flux: Array
    band_levels: Array
    contrast: Array
    chroma: Array
    tonal_centroid: Array
    roughness: Array
    complexity: Array
    register: Array


def compute_spectra(track: Track) -> Spectra:
    """Compute every curve of a song, at ANALYSIS_RATE whatever the track's rate."""
    samples = at_analysis_rate(track)
    tonal = tonal_curves(samples)
    chroma = pitch_classes(tonal.pop("frequencies"), tonal.pop("magnitudes"))
    roughness, complexity, register = tonal.pop("partials").T
    fine = fine_curves(samples)
    brightness, bandwidth, rolloff = fine.pop("shape").T
    return Spectra(
        duration_s=track.duration_s,
        brightness=brightness,
        bandwidth=bandwidth,
        rolloff=rolloff,
        chroma=chroma,
        tonal_centroid=tonal_centroid(chroma),
        roughness=roughness,
        complexity=complexity,
        register=register,
        **fine,
    )
