"""What was heard in a song, kept by its content, so that no song is encoded twice.

A record lies at `heard/<encoder>/<sha256>.safetensors`: vectors, feeling and profile
of the whole and of every window. Another encoder, or another version of the analysis,
looks in another folder; what is damaged was never heard.

Not here: listening itself (listen), and samples, which nothing keeps.
"""

from dataclasses import dataclass

import numpy as np

from evoke_core.config.profile import AudioRules
from evoke_core.music.encode import MusicEncoder, TrackEmbedding
from evoke_core.music.fitted import load_table
from evoke_core.music.handcrafted import HandcraftedMusicEncoder
from evoke_core.storage.store import Store, digest
from evoke_core.storage.tables import read_arrays, write_arrays
from evoke_core.vectors import Array

_FORM = 1  # raise it when a record holds something else


@dataclass(frozen=True, slots=True)
class HeardRecord:
    """What is kept of a song; part 0 is the whole, 1.. its windows.

    Args:
        sha256: Of its bytes.
        duration_s: Its length.
        embedding: Its vectors.
        affects: float32[1 + W, 2], valence and arousal.
        profiles: float32[1 + W, 5], the fields of EmotionProfile in their order.
    """

    sha256: str
    duration_s: float
    embedding: TrackEmbedding
    affects: Array
    profiles: Array


def record_key(encoder: MusicEncoder, sha256: str, rules: AudioRules) -> str:
    """Say where a song's record lies: by encoder, analysis and content."""
    # The handcrafted encoder's fingerprint is that of the analysis and its constants.
    analysis = [HandcraftedMusicEncoder().fingerprint]
    if rules.fitted:
        analysis.append(load_table().digest)
    heard_by = digest([_FORM, encoder.fingerprint, *analysis])
    return f"heard/{heard_by}/{sha256}.safetensors"


def recall(
    store: Store, encoder: MusicEncoder, sha256: str, rules: AudioRules
) -> HeardRecord | None:
    """Return what this encoder heard in a song before; None where it never did."""
    from safetensors import SafetensorError

    try:
        arrays, card = read_arrays(store, record_key(encoder, sha256, rules))
        vectors = arrays["vectors"]
        record = HeardRecord(
            sha256=sha256,
            duration_s=float(card["duration_s"]),
            embedding=TrackEmbedding(
                whole=vectors[0],
                windows=vectors[1:],
                starts_s=arrays["starts_s"],
                ends_s=arrays["ends_s"],
                weights=arrays["weights"],
            ),
            affects=arrays["affects"],
            profiles=arrays["profiles"],
        )
    except (KeyError, ValueError, SafetensorError):
        return None
    return record if vectors.shape[1:] == (encoder.dimension,) else None


def remember(
    store: Store, encoder: MusicEncoder, record: HeardRecord, rules: AudioRules
) -> None:
    """Keep what an encoder heard; its terms ride along."""
    embedding = record.embedding
    arrays = {
        "vectors": np.vstack([embedding.whole[None], embedding.windows]),
        "starts_s": embedding.starts_s,
        "ends_s": embedding.ends_s,
        "weights": embedding.weights,
        "affects": record.affects,
        "profiles": record.profiles,
    }
    card = {
        "duration_s": record.duration_s,
        "encoder": encoder.fingerprint,
        "licence": encoder.licence,
    }
    key = record_key(encoder, record.sha256, rules)
    write_arrays(store, key, arrays, card)
