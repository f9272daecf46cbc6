"""What is measured and what it must reach: every row of the benchmark table.

How a row is measured stands in the module of its part; how one part is run stands in
`parts`. Rows that `asked_for` leaves out are ours, beside those that were promised.
"""

from dataclasses import dataclass
from typing import Literal

Bound = Literal["at least", "at most"]


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of the table, before it is measured.

    Args:
        what: What is timed, for people.
        against: The peer.
        bound: Whether the ratio must reach the value or stay below it. With "at least"
            it is peer over ours, with "at most" ours over peer.
        value: The bar itself.
        unit: Of ours and the peer.
        asked_for: The bar was promised; others are shown beside it.
    """

    what: str
    against: str
    bound: Bound
    value: float
    unit: str = "s"
    asked_for: bool = True


_THREE_DECODES = "Pillow, a full decode for each of the three"
_ONE_JPEG = "facts, thumbnail of 512 px and encoder crop of a JPEG"
_FAISS = "faiss `IndexBinaryFlat.range_search`"
_JOIN = "near-duplicate join of 100,000 hashes"
_MUQ = "full-size MuQ, a song of four minutes"

BARS: dict[str, Bar] = {
    "decode_12mp": Bar(f"{_ONE_JPEG}, 12 MP", _THREE_DECODES, "at least", 5),
    "decode_2mp": Bar(f"{_ONE_JPEG}, 2 MP", _THREE_DECODES, "at least", 2.5),
    "decode_03mp": Bar(f"{_ONE_JPEG}, 0.3 MP", _THREE_DECODES, "at least", 1),
    "join_50k": Bar(
        "near-duplicate join of 50,000 hashes", "imagededup", "at least", 300
    ),
    "join_100k": Bar(_JOIN, _FAISS, "at least", 1),
    "join_100k_r12": Bar(
        f"{_JOIN}, the profiles' radius", _FAISS, "at least", 1, asked_for=False
    ),
    "join_100k_even": Bar(
        f"{_JOIN} spread evenly", _FAISS, "at least", 1, asked_for=False
    ),
    "join_equal": Bar(
        "clusters of 100,000 hashes, 10,000 of them equal", _FAISS, "at least", 1
    ),
    "pipeline_vs_encoder": Bar(
        "thumbnails to vectors", "the slower of decode and encode", "at least", 0.95
    ),
    "pipeline_vs_clip_retrieval": Bar(
        "thumbnails to vectors", "clip-retrieval, same model", "at least", 1.2
    ),
    "refresh_noop": Bar(
        "a refresh with nothing new", "the first run", "at most", 0.02
    ),
    "refresh_1pct": Bar(
        "a refresh with 1 % new", "the first run", "at most", 0.05
    ),
    "drop_batch": Bar(
        "a drop in a batch of 32, beyond listening",
        "a drop alone, beyond listening",
        "at most",
        0.2,
    ),
    "drops_100k": Bar(
        "the drop sensor over 100,000 songs", "a second", "at most", 1,
        asked_for=False,
    ),
    "compose_share": Bar(
        "composing a board, all but the music encoder", _MUQ, "at most", 0.1
    ),
    "slider_frame": Bar(
        "a slider's frame over 500 candidates", "a frame of 16 ms", "at most", 1
    ),
    "requery_100k": Bar(
        "a query of 100,000 pictures, exact", "Milvus Lite", "at least", 3
    ),
    "requery_100k_board": Bar(
        "all queries of a board, together", "Milvus Lite", "at least", 3,
        asked_for=False,
    ),
    "rss_60min": Bar(
        "peak memory, a song of 60 minutes", "one of 10 minutes", "at most", 1.1, "MiB"
    ),
    "muq_4min": Bar(f"{_MUQ}, at its fastest safe precision", "30 s", "at most", 1),
    "muq_4min_int8": Bar(
        f"{_MUQ}, int8", "30 s", "at most", 1, asked_for=False
    ),
}  # fmt: skip
