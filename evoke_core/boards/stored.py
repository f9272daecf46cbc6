"""What choosing tiles needs, read back from a stored document: candidates and rules.

How they are written is `board`; the choice itself is `refine`.
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evoke_core.boards.refine import Pool, Refinement


def read_pool(candidates: Sequence[Mapping[str, Any]]) -> Pool:
    """Read the candidates of a document, at least one."""
    packed = [base64.b64decode(one["vector"]) for one in candidates]
    return Pool(
        vectors=np.stack([np.frombuffer(one, np.int8) for one in packed]),
        clusters=[one["cluster_id"] for one in candidates],
        artists=[one["artist"] for one in candidates],
        sources=[one["source"] for one in candidates],
    )


def read_refinement(said: Mapping[str, Any]) -> Refinement:
    """Read a document's part `refinement`."""
    return Refinement(
        queries=np.array([one["vector"] for one in said["queries"]], np.float64),
        whole_weight=float(said["queries"][0]["weight"]),
        directions=np.array([axis["direction"] for axis in said["axes"]], np.float64),
        reach=float(said["reach"]),
        balance=float(said["balance"]),
        size=int(said["board_size"]),
        max_per_artist=int(said["max_per_artist"]),
        max_per_source=said["max_per_source"],
    )


def as_tile(candidate: Mapping[str, Any]) -> dict[str, Any]:
    """Take from a candidate what a document says of it as a tile."""
    return {name: value for name, value in candidate.items() if name != "vector"}
