"""A desk for boards that search the stored vectors, while the index stays closed.

What a desk holds is `boards.desk`; exact search itself is `index.exact`.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from evoke_core.boards.desk import Desk, open_desk
from evoke_core.config.profile import RunProfile
from evoke_core.config.vocabulary import Vocabulary
from evoke_core.errors import BoardError
from evoke_core.index.exact import nearest
from evoke_core.index.filters import NO_FILTERS, Filters
from evoke_core.index.image_index import Hit, ImageIndex
from evoke_core.music.encode import MusicEncoder
from evoke_core.storage.store import Store
from evoke_core.vectors import Array, l2_normalize


def exact_desk(
    store: Store, encoder: MusicEncoder, run_profile: RunProfile, vocabulary: Vocabulary
) -> Desk:
    """Open a desk that searches stored vectors; see `open_desk` for what it raises."""
    desk = open_desk(store, ExactIndex(), encoder, run_profile, vocabulary)
    unit = l2_normalize(desk.embeddings)
    return replace(desk, index=ExactIndex(None, tuple(desk.rows), unit))


@dataclass(frozen=True, slots=True)
class ExactIndex(ImageIndex):
    """Searches vectors at hand, exactly, for what need not open the index.

    Args:
        client: None; there is no connection.
        image_ids: [N].
        embeddings: float32[N, D], unit length.
    """

    client: Any = None
    image_ids: tuple[str, ...] = ()
    embeddings: Array = field(default_factory=lambda: np.empty((0, 0), np.float32))

    def search(
        self,
        collection: str,  # noqa: ARG002
        queries: Array,
        *,
        top_k: int,
        filters: Filters = NO_FILTERS,
    ) -> list[list[Hit]]:
        """Find the nearest pictures of each query by cosine, best first.

        Raises:
            BoardError: There are filters, and only vectors are at hand.
        """
        if filters != NO_FILTERS:
            raise BoardError(
                "exact search knows vectors only, no filters; open the index instead"
            )
        rows, scores = nearest(self.embeddings, l2_normalize(queries), top_k)
        return [
            [Hit(self.image_ids[row], score) for row, score in zip(*line, strict=True)]
            for line in zip(rows.tolist(), scores.tolist(), strict=True)
        ]

    def require(self, collection: str, dimension: int) -> None:
        """Take any collection; what is searched is what the store holds."""
