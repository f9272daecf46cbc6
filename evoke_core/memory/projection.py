"""How a song's sound is heard by a text model: float32[4096] becomes a direction [768].

Two ways lead there. The *untrained* one turns the sound into the text space by a seeded
matrix with orthonormal columns: it needs no data, keeps songs as far apart as they
sound (Johnson & Lindenstrauss), and means nothing by itself, as a tint means nothing.
The *trained* one (projection_fit) points to what people say of such music.

Both are centred first: sounds of all songs share most of their length, and uncentred
every song would push the words the same way. The centre is the mean of a library. Where
there is none, each statistic of each stem loses the mean over its own dimensions, which
removes what they all share and nothing that tells songs apart by pattern.

Not here: stems and their vectors (audio_vector), what a direction does to words
(fusion).
"""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from evoke_core.errors import BridgeError
from evoke_core.storage.store import Store, digest
from evoke_core.storage.tables import read_arrays, write_arrays
from evoke_core.vectors import Array, Array64, l2_normalize

STATISTICS = 8  # mean and standard deviation of four stems
TEXT_DIM = 768


@dataclass(frozen=True, slots=True)
class Direction:
    """Where a song pulls words.

    Args:
        vector: float32[768], unit length; all zero for a song like the mean of all.
        presence: How far the song stands out, in [0, 1]: 1 from the library's typical
            distance to its mean on. So a song near the mean, whose direction is
            chance, says little.
    """

    vector: Array
    presence: float


@dataclass(frozen=True, slots=True)
class Projection:
    """A linear way from sound to text space.

    Args:
        weight: float32[D, 768].
        mean: float32[D] of a library; None where there is none.
        typical: Median length of a library song's projection; None without a library.
        origin: What it is, for the card: "orthogonal, seed 0" or "trained on ...".
    """

    weight: Array
    mean: Array | None
    typical: float | None
    origin: str

    @property
    def fingerprint(self) -> str:
        """Digest of everything that a direction depends on."""
        parts = [self.weight.tobytes()]
        parts += [b"" if self.mean is None else self.mean.tobytes()]
        return digest([*(digest(part) for part in parts), self.typical, self.origin])

    def direct(self, sound: Array) -> Direction:
        """Project one song.

        Args:
            sound: float32[D].

        Raises:
            BridgeError: The sound has another dimension, or is not finite.
        """
        if sound.shape != (len(self.weight),) or not np.isfinite(sound).all():
            raise BridgeError(
                f"projection of sound: needs {len(self.weight)} finite numbers, got "
                f"shape {sound.shape}; encode the song again with the sound model that "
                "the projection was made for"
            )
        projected = _centred(sound[None], self.mean)[0] @ self.weight
        length = float(np.linalg.norm(projected))
        # What is left of a sound without a pattern is rounding, not a direction.
        if length <= 1e-5 * float(np.linalg.norm(sound)):
            return Direction(np.zeros(self.weight.shape[1], np.float32), 0.0)
        typical = self.typical or length
        return Direction(l2_normalize(projected), min(1.0, length / typical))


def untrained_projection(
    dimension: int = 4096, *, library: Array | None = None, seed: int = 0
) -> Projection:
    """Make a projection that needs no training.

    Args:
        dimension: D of the sound, a multiple of 8 and at least 768.
        library: float32[N, D], sounds that the centre is taken from; of fewer than two
            none can be.
        seed: Of the matrix.

    Raises:
        BridgeError: The dimension is none that a sound of eight statistics has.
    """
    if dimension < TEXT_DIM or dimension % STATISTICS:
        raise BridgeError(
            f"projection of sound: a dimension of {dimension} is none of {STATISTICS} "
            f"statistics, or below {TEXT_DIM}; use OpenL3 with 512 or 6144 dimensions"
        )
    weight = orthogonal_weight(dimension, TEXT_DIM, seed=seed)
    if library is None or len(library) < 2:
        return Projection(weight, None, None, f"orthogonal, seed {seed}")
    return centred_projection(
        weight, library, origin=f"orthogonal, seed {seed}, centred on {len(library)}"
    )


def orthogonal_weight(dimension: int, text_dim: int, *, seed: int) -> Array:
    """Draw float32[dimension, text_dim], orthonormal along its shorter side."""
    rng = np.random.default_rng(seed)
    tall = dimension >= text_dim
    shape = (dimension, text_dim) if tall else (text_dim, dimension)
    basis, upper = np.linalg.qr(rng.standard_normal(shape, dtype=np.float32))
    # QR is unique up to signs; positive diagonals make it uniformly distributed.
    weight: Array = (basis * np.sign(np.diag(upper))).astype(np.float32)
    return weight if tall else np.ascontiguousarray(weight.T)


def centred_projection(weight: Array, library: Array, *, origin: str) -> Projection:
    """Centre a projection on a library and measure how far its songs stand out.

    Args:
        weight: float32[D, 768].
        library: float32[N, D], N >= 2.
        origin: For the card.
    """
    mean = library.mean(axis=0, dtype=np.float64).astype(np.float32)
    lengths = np.linalg.norm(_centred(library, mean) @ weight, axis=1)
    typical = float(np.median(lengths))
    return Projection(weight, mean, typical if typical > 0 else None, origin)


def write_projection(
    store: Store, key: str, projection: Projection, card: dict[str, Any]
) -> str:
    """Keep a projection as safetensors with its card.

    Args:
        store: Where.
        key: Ends in .safetensors.
        projection: What.
        card: Any JSON: what it was fitted on and how well it holds.

    Returns:
        The digest of its bytes.
    """
    arrays = {"weight": projection.weight}
    if projection.mean is not None:
        arrays["mean"] = projection.mean
    said = {"origin": projection.origin, "typical": projection.typical, "fit": card}
    return write_arrays(store, key, arrays, said)


def read_projection(store: Store, key: str) -> Projection:
    """Read a projection.

    Raises:
        KeyError: There is none.
        BridgeError: It is damaged, or something else.
    """
    from safetensors import SafetensorError

    try:
        arrays, card = read_arrays(store, key)
    except (ValueError, SafetensorError) as wrong:
        raise _damaged(key, str(wrong)) from wrong
    weight, mean = arrays.get("weight"), arrays.get("mean")
    is_whole = weight is not None and weight.ndim == 2 and "origin" in card
    if (
        weight is None
        or not is_whole
        or (mean is not None and len(mean) != len(weight))
    ):
        raise _damaged(key, "arrays or card are not a projection's")
    return Projection(weight, mean, card.get("typical"), str(card["origin"]))


def _centred(sounds: Array, mean: Array | None) -> Array:
    """Take the library's mean off; else each statistic's own mean over its row."""
    if mean is not None:
        return sounds - mean
    blocks = sounds.reshape(len(sounds), STATISTICS, -1).astype(np.float64)
    centred: Array64 = blocks - blocks.mean(axis=-1, keepdims=True)
    return cast("Array", centred.reshape(sounds.shape).astype(np.float32))


def _damaged(key: str, found: str) -> BridgeError:
    return BridgeError(
        f"projection of sound: {key} can't be read ({found}); delete it and fit it "
        "again, or use the untrained one"
    )
