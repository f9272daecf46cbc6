"""The OpenL3 encoder: a second of sound as 512 numbers.

Windows of a second at 48 kHz, by default every 0.1 s with half a window of silence
before the sound, as published. Sounds come mono; they are resampled before.

Not here: the front end (openl3_features), the network (openl3_network), what is made of
the vectors (audio_vector).
Source: Cramer, Wu, Salamon & Bello, ICASSP 2019; openl3 0.4.2 (MIT, weights CC BY 4.0).
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evoke_core.devices import choose_device
from evoke_core.errors import ConfigError
from evoke_core.memory.openl3_features import (
    SAMPLE_RATE,
    FrontEnd,
    WindowStream,
    mel_decibels,
    mel_filters,
)
from evoke_core.memory.openl3_network import BANDS, LAST_CONV, pool_patches
from evoke_core.memory.openl3_weights import load_network, read_kind
from evoke_core.memory.terms import look_up_terms
from evoke_core.music.batches import in_batches
from evoke_core.vectors import Array
from evoke_core.weights import find_weights

if TYPE_CHECKING:
    import torch

PUBLISHED_HOP_S = 0.1
MODEL = "openl3_audio_mel256_music"
BATCH = 8  # windows; the first maps of one take 13 MB


class OpenL3Encoder:
    """Encodes windows of sound; the network is loaded by the first.

    Args:
        weights: Folder of pretrained weights; `openl3/<model>.safetensors` is the
            network, see `openl3_weights.convert_keras_weights`; it tells its kind.
        model: Name of the file without its ending.
        hop_s: Seconds from one window to the next, 0 < hop_s <= 1. At 1.0 the work is
            a tenth, and no sound is left out.
        patches: 1 for embeddings of 512 numbers, 12 for 6144.
        front_end: See openl3_features.

    Raises:
        WeightsMissing: The network is not there.
        ConfigError: It is not what was recorded, or an argument is out of range.
    """

    sample_rate = SAMPLE_RATE

    def __init__(
        self,
        weights: Path,
        model: str = MODEL,
        *,
        hop_s: float = PUBLISHED_HOP_S,
        patches: int = 1,
        front_end: FrontEnd = "kapre-0.1.4",
    ) -> None:
        if not 0 < hop_s <= 1 or patches not in (1, 12):
            raise ConfigError(
                f"OpenL3: hop_s is {hop_s} and patches {patches}; choose hop_s in "
                "(0, 1] and 1 or 12 patches"
            )
        self._weights = find_weights(weights, "openl3", model)
        self._kind = read_kind(self._weights.path)
        self._model, self._front_end, self._patches = model, front_end, patches
        self.hop_s = hop_s

    @property
    def licence(self) -> str:
        """Name of the weights' licence, see terms."""
        return look_up_terms("openl3", self._model).licence

    @property
    def dimension(self) -> int:
        """D: 512 or 6144 as published; loads the network."""
        last = self._network.get_parameter(f"{LAST_CONV}.bias")
        return len(last) * self._patches

    @property
    def fingerprint(self) -> str:
        """Network, weights, front end, hop, length."""
        return (
            f"openl3/{self._model}+{self._weights.sha256[:12]}/{self._front_end}"
            f"/hop-{self.hop_s:g}s/patches-{self._patches}/fp32"
        )

    def encode(self, samples: Array) -> Array:
        """Encode a sound whole.

        Args:
            samples: float32[N] at 48 kHz, N >= 1.

        Returns:
            float32[T, D], not normalised; row i is centred on i * hop_s.
        """
        stream = WindowStream(self.hop_s)
        windows = [stream.push(samples), stream.finish()]
        return self.encode_windows(np.concatenate(windows))

    def encode_windows(self, windows: Array) -> Array:
        """Encode windows in order.

        Args:
            windows: float32[W, 48000].

        Returns:
            float32[W, D], not normalised.

        Raises:
            ConfigError: The weights give no numbers.
        """
        if not len(windows):
            return np.empty((0, self.dimension), np.float32)
        vectors = np.stack(list(in_batches(self._encode, list(windows), size=BATCH)))
        if not np.isfinite(vectors).all():
            raise ConfigError(
                f"{self._weights.path}: the network's vectors are not finite; fetch "
                "the weights again with 'make models PROFILE=<yours>'"
            )
        return vectors

    def _encode(self, windows: Sequence[Array]) -> Array:
        import torch

        with torch.inference_mode():
            sound = torch.from_numpy(np.stack(windows)).to(self._device)
            seen = mel_decibels(sound, self._filters, self._front_end)
            maps = self._network(seen.contiguous(memory_format=torch.channels_last))
            pooled = pool_patches(maps, self._kind.input_repr, self._patches)
            vectors: Array = pooled.cpu().numpy()
        return vectors

    @cached_property
    def _device(self) -> str:
        return choose_device()

    @cached_property
    def _filters(self) -> "torch.Tensor":
        import torch

        filters = mel_filters(BANDS[self._kind.input_repr], self._front_end)
        return torch.from_numpy(filters).to(self._device)

    @cached_property
    def _network(self) -> "torch.nn.Sequential":
        import torch

        network = load_network(self._weights.path).to(self._device)
        # Maps innermost in memory: a third less work on a processor.
        torch.nn.utils.convert_conv2d_weight_memory_format(network, torch.channels_last)
        return network
