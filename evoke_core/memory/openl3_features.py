"""What OpenL3 sees of a sound: windows of a second, and their mel spectra in decibels.

Two mel front ends are published for the same weights. `kapre-0.1.4` is the one that
the networks were trained behind (openl3 up to 0.3.1): HTK mel bands of the power
spectrum, then the square root, a window padded on both sides. `openl3-0.4` is what
openl3 computes since 0.4.0: Slaney bands of the magnitudes, padded at the end; its
makers note that embeddings differ (marl/openl3, issue 80). Both take 10 log10 of a
magnitude, no less than 1e-10, relative to the loudest band of the window, no less than
-80: the level of a window is lost, and a silent one is 0 dB everywhere.

Not here: the network (openl3_network), resampling to 48 kHz (audio_vector).
Sources: Cramer, Wu, Salamon & Bello, ICASSP 2019; openl3 0.3.1 and 0.4.2 (`models.py`,
`core.py`); kapre 0.1.4 (`Melspectrogram`, `padding="same"`) and 0.3.5; librosa's
`filters.mel`.
"""

from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from evoke_core.vectors import Array, Array64

if TYPE_CHECKING:
    import torch

FrontEnd = Literal["kapre-0.1.4", "openl3-0.4"]

SAMPLE_RATE = 48_000  # Hz
WINDOW = SAMPLE_RATE  # samples, one second
FFT, HOP = 2048, 242  # samples
FRAMES = 199  # of a window
_PADDING = (FRAMES - 1) * HOP + FFT - WINDOW  # samples, 1964
_LEAST_MAGNITUDE, _RANGE_DB = 1e-10, 80.0


class WindowStream:
    """Cuts sound that comes in pieces into windows of a second.

    As published: half a window of silence comes before the sound, so that window i is
    centred on i hops; silence fills up the last window, which is the first one that
    reaches the end. There is always one.

    Args:
        hop_s: Seconds from one window to the next, 0 < hop_s <= 1.
    """

    def __init__(self, hop_s: float) -> None:
        self._hop = int(hop_s * SAMPLE_RATE)
        self._held = np.zeros(WINDOW // 2, np.float32)
        self._made = 0

    def push(self, samples: Array) -> Array:
        """Add float32[N]; return the windows that are now whole, float32[W, 48000]."""
        held = np.concatenate([self._held, samples])
        if len(held) < WINDOW:
            self._held = held
            return np.empty((0, WINDOW), np.float32)
        views = np.lib.stride_tricks.sliding_window_view(held, WINDOW)[:: self._hop]
        windows = views.copy()
        self._held = held[len(windows) * self._hop :].copy()
        self._made += len(windows)
        return windows

    def finish(self) -> Array:
        """Return the last window where the sound went on; float32[0 or 1, 48000]."""
        # What is held begins one hop after the last window, which may have reached on.
        is_covered = self._made and len(self._held) <= WINDOW - self._hop
        if is_covered:
            return np.empty((0, WINDOW), np.float32)
        self._made += 1
        return np.pad(self._held, (0, WINDOW - len(self._held)))[None]


def mel_filters(bands: int, front_end: FrontEnd) -> Array:
    """Make triangular mel filters of unit area a hertz (times 2), 0 to 24 kHz.

    The lowest are narrower than a bin of the spectrum, and some hold none: they were
    empty when the networks were trained, too.

    Returns:
        float32[bands, 1025].
    """
    to_mel, to_hz = (_htk_mel, _htk_hz) if front_end == "kapre-0.1.4" else _SLANEY
    top = float(to_mel(np.array(SAMPLE_RATE / 2)))
    edges = to_hz(np.linspace(0.0, top, bands + 2))
    bins = np.linspace(0.0, SAMPLE_RATE / 2, FFT // 2 + 1)
    slopes = edges[:, None] - bins  # [bands + 2, 1025]
    widths = np.diff(edges)[:, None]
    rising, falling = -slopes[:-2] / widths[:-1], slopes[2:] / widths[1:]
    heights = 2.0 / (edges[2:] - edges[:-2])[:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling)) * heights
    return cast("Array", triangles.astype(np.float32))


def mel_decibels(
    windows: "torch.Tensor", filters: "torch.Tensor", front_end: FrontEnd
) -> "torch.Tensor":
    """Return what the network sees of windows.

    Args:
        windows: float32[B, 48000].
        filters: float32[bands, 1025], of the same front end.
        front_end: See the module.

    Returns:
        float32[B, 1, bands, 199] in [-80, 0].
    """
    import torch
    from torch.nn.functional import pad

    before = _PADDING // 2 if front_end == "kapre-0.1.4" else 0
    padded = pad(windows, (before, _PADDING - before))
    hann = torch.hann_window(FFT, periodic=True, device=windows.device)
    spectra = torch.stft(
        padded, FFT, HOP, window=hann, center=False, return_complex=True
    )
    magnitudes = spectra.abs()  # [B, 1025, 199]
    if front_end == "kapre-0.1.4":
        mel = torch.sqrt(filters @ magnitudes.square())
    else:
        mel = filters @ magnitudes
    decibels = 10 * torch.log10(mel.clamp(min=_LEAST_MAGNITUDE))
    loudest = decibels.amax(dim=(1, 2), keepdim=True)
    return (decibels - loudest).clamp(min=-_RANGE_DB)[:, None]


def _htk_mel(hertz: Array64) -> Array64:
    return 2595 * np.log10(1 + hertz / 700)


def _htk_hz(mel: Array64) -> Array64:
    hertz: Array64 = 700 * (10 ** (mel / 2595) - 1)
    return hertz


_LINEAR_HZ, _LINEAR_STEP, _LOG_STEP = 1000.0, 200 / 3, np.log(6.4) / 27  # Slaney 1998


def _slaney_mel(hertz: Array64) -> Array64:
    steps = np.log(np.maximum(hertz, _LINEAR_HZ) / _LINEAR_HZ) / _LOG_STEP
    return cast("Array64", np.minimum(hertz, _LINEAR_HZ) / _LINEAR_STEP + steps)


def _slaney_hz(mel: Array64) -> Array64:
    linear = _LINEAR_HZ / _LINEAR_STEP
    rise = np.exp(_LOG_STEP * np.maximum(0.0, mel - linear))
    return cast("Array64", np.minimum(mel, linear) * _LINEAR_STEP * rise)


_SLANEY = (_slaney_mel, _slaney_hz)
