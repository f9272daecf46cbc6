"""The vectors of songs, kept by their content, so that no song is separated twice.

A record lies at `private/memory/vectors/<how>/<sha256>.safetensors`; other models,
another hop or front end look in another folder. What is damaged was never heard.
It stays in the private store: pages and shared copies have no use for it.

Not here: the vectors themselves (audio_vector), stems and words.
"""

from evoke_core.memory.audio_vector import AudioVector
from evoke_core.memory.openl3 import OpenL3Encoder
from evoke_core.memory.stems import StemSeparator
from evoke_core.storage.store import Store, digest
from evoke_core.storage.tables import read_arrays, write_arrays

_FORM = 1  # raise it when a record holds something else


def vector_key(separator: StemSeparator, encoder: OpenL3Encoder, sha256: str) -> str:
    """Say where a song's vector lies: by both models and the song's bytes."""
    made_by = digest([_FORM, separator.fingerprint, encoder.fingerprint])
    return f"private/memory/vectors/{made_by}/{sha256}.safetensors"


def recall_vector(
    store: Store, separator: StemSeparator, encoder: OpenL3Encoder, sha256: str
) -> AudioVector | None:
    """Return what these models heard in a song before; None where they never did."""
    from safetensors import SafetensorError

    try:
        arrays, card = read_arrays(store, vector_key(separator, encoder, sha256))
        return AudioVector(
            vector=arrays["vector"],
            windows=int(card["windows"]),
            levels_db=tuple(float(level) for level in card["levels_db"]),
            snr_db=float(card["snr_db"]),
            duration_s=float(card["duration_s"]),
        )
    except (KeyError, ValueError, TypeError, SafetensorError):
        return None


def remember_vector(
    store: Store,
    separator: StemSeparator,
    encoder: OpenL3Encoder,
    sha256: str,
    heard: AudioVector,
) -> None:
    """Keep a song's vector; what made it and its terms ride along."""
    card = {
        "windows": heard.windows,
        "levels_db": heard.levels_db,
        "snr_db": heard.snr_db,
        "duration_s": heard.duration_s,
        "separator": separator.fingerprint,
        "encoder": encoder.fingerprint,
        "licences": [separator.licence, encoder.licence],
    }
    key = vector_key(separator, encoder, sha256)
    write_arrays(store, key, {"vector": heard.vector}, card)
