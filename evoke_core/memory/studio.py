"""What remembering needs and loads once for a batch of songs: five models, one way.

Nothing here listens or draws; it only has everything at hand.
"""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from evoke_core.config.memory import MemoryRules
from evoke_core.config.profile import AudioRules
from evoke_core.memory.diffusion import Painter, open_painter
from evoke_core.memory.diffusion_model import FAMILY
from evoke_core.memory.openl3 import OpenL3Encoder
from evoke_core.memory.projection import (
    STATISTICS,
    Projection,
    read_projection,
    untrained_projection,
)
from evoke_core.memory.stems import StemSeparator
from evoke_core.memory.terms import require_terms
from evoke_core.memory.text_encoder import TextEncoder, load_text_encoder
from evoke_core.storage.store import Store, digest
from evoke_core.vectors import Array
from evoke_core.weights import find_weights

_PATCHES = {512: 1, 6144: 12}


@dataclass(frozen=True, slots=True)
class Ears:
    """What hears a song.

    Args:
        separator: Song to stems.
        encoder: Stems to embeddings.
        text: Words to states, whose space sounds are projected into.
    """

    separator: StemSeparator
    encoder: OpenL3Encoder
    text: TextEncoder

    @property
    def projection_key(self) -> str:
        """Where a projection lies that was fitted on a library for these models."""
        models = (self.separator, self.encoder, self.text)
        made_for = digest([model.fingerprint for model in models])
        return f"private/memory/projections/{made_for}.safetensors"


@dataclass(frozen=True, slots=True)
class Studio:
    """Everything at hand for remembering songs.

    Args:
        store: Where songs are remembered; `private/` of it never leaves the house.
        rules: The section `memory:` of the profile.
        audio: Lengths that make a song.
        separator: Song to stems.
        ears: Stems to embeddings.
        projection: Embeddings to the space of words.
        text: Words to states.
        negative: float32[77, 768], states of what the image should not show.
        painter: States to image.
    """

    store: Store
    rules: MemoryRules
    audio: AudioRules
    separator: StemSeparator
    ears: OpenL3Encoder
    projection: Projection
    text: TextEncoder
    negative: Array
    painter: Painter

    @property
    def fingerprint(self) -> str:
        """Digest of every model, and of every rule that an image depends on."""
        rules = self.rules
        return digest(
            [
                self.separator.fingerprint,
                self.ears.fingerprint,
                self.projection.fingerprint,
                self.text.fingerprint,
                self.painter.fingerprint,
                [rules.negative, rules.strength, rules.seed, list(rules.sweep)],
            ]
        )


def open_studio(
    store: Store, rules: MemoryRules, audio: AudioRules, weights: Path
) -> Studio:
    """Find and load the models that the rules name.

    Args:
        store: See Studio.
        rules: See Studio.
        audio: See Studio.
        weights: Folder of all pretrained weights (EVOKE_WEIGHTS).

    Raises:
        WeightsMissing: A model is not there; the message says which and how to get it.
        ConfigError: A model is not what was recorded, or of another kind, or the extra
            `memory` is not installed.
    """
    ears = open_ears(rules, weights)
    return Studio(
        store=store,
        rules=rules,
        audio=audio,
        separator=ears.separator,
        ears=ears.encoder,
        projection=_projection(store, ears, rules),
        text=ears.text,
        negative=ears.text.encode(rules.negative).states,
        painter=open_painter(rules, weights),
    )


def open_ears(rules: MemoryRules, weights: Path) -> Ears:
    """Find and load what hears songs; see `open_studio`."""
    folder = weights / rules.folder
    return Ears(
        StemSeparator(folder, rules.separator),
        OpenL3Encoder(
            folder,
            rules.openl3,
            hop_s=rules.hop_s,
            patches=_PATCHES[rules.openl3_size],
        ),
        load_text_encoder(find_weights(folder, FAMILY, rules.diffusion)),
    )


def _projection(store: Store, ears: Ears, rules: MemoryRules) -> Projection:
    """Read the library's projection; the seeded one where none is wanted or fitted."""
    if rules.projection == "trained":
        with suppress(KeyError):
            return read_projection(store, ears.projection_key)
    return untrained_projection(STATISTICS * rules.openl3_size, seed=rules.seed)


@dataclass(frozen=True, slots=True)
class StudioAccess:
    """Opens the studio for a batch of songs; nothing is loaded before.

    Args:
        weights: Folder of all pretrained weights (EVOKE_WEIGHTS).
    """

    weights: Path

    def open(
        self,
        store: Store,
        rules: MemoryRules,
        audio: AudioRules,
        policy: Literal["research", "commercial"],
    ) -> Studio:
        """Check the models' terms and open them; see `open_studio`, `require_terms`."""
        require_terms(rules, policy)
        return open_studio(store, rules, audio, self.weights)

    def open_ears(
        self, rules: MemoryRules, policy: Literal["research", "commercial"]
    ) -> Ears:
        """Check the models' terms and open those that hear; none that draws."""
        require_terms(rules, policy)
        return open_ears(rules, self.weights)
