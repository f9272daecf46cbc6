"""How many of a kind a corpus keeps: no aesthetic, mood or look may dominate.

Three caps, each a share of all that curation kept: over the seven aesthetics, over the
cells of the emotional range (serene to chaotic, cold to warm, minimal to dense), and
over clusters of embeddings. Who leaves is decided by a keyed digest of the picture's
id, so that a refresh keeps nearly all that it kept. What a single picture must be like
is `curation`'s business.

Source: spherical k-means, Dhillon & Modha, Machine Learning 42, 2001; its start,
Arthur & Vassilvitskii, SODA 2007.
"""

import hashlib
import math

import numpy as np
import numpy.typing as npt
import polars as pl

from evoke_core.config.profile import BalanceRules
from evoke_core.corpus.curation import KEPT
from evoke_core.storage.tables import as_matrix
from evoke_core.vectors import Array, l2_normalize

MOOD_ENDS = (
    ("serene", "even", "chaotic"),  # energy
    ("cold", "neutral", "warm"),  # warmth
    ("minimal", "medium", "dense"),  # complexity
)
_ROWS_AT_ONCE = 8192
_ROUNDS = 25
_NOBODY = pl.DataFrame(schema={"image_id": pl.String, "stratum_sentence": pl.String})


def balance_corpus(
    curated: pl.DataFrame, looks: pl.DataFrame, rules: BalanceRules
) -> pl.DataFrame:
    """Reject what is over a quota; nothing else changes.

    Args:
        curated: The table `curated_images`.
        looks: Columns image_id, attributes (4, 0 to 1) and embedding (D, unit length)
            of every kept picture at least.
        rules: Caps; a null one is off.

    Returns:
        The table `curated_images`; those who leave are rejected as over_quota, with a
        sentence that names the stratum.
    """
    candidates = curated.filter(KEPT).select(
        "image_id", "aesthetic", pl.col("source").is_in(rules.exempt).alias("exempt")
    )
    over = over_quota(_with_strata(candidates, looks, rules), rules)
    told = curated.join(over, on="image_id", how="left", maintain_order="left")
    leaves = pl.col("stratum_sentence").is_not_null()
    return told.with_columns(
        pl.when(leaves).then(pl.lit("rejected")).otherwise("status").alias("status"),
        pl.when(leaves).then(pl.lit("over_quota")).otherwise("reason").alias("reason"),
        pl.coalesce("stratum_sentence", "detail").alias("detail"),
        pl.when(~leaves).then("note").alias("note"),
    ).select(curated.columns)


def over_quota(candidates: pl.DataFrame, rules: BalanceRules) -> pl.DataFrame:
    """Choose who leaves, one cap after the other.

    Args:
        candidates: Columns image_id, exempt, and the strata that are capped:
            aesthetic, mood_bin, cluster; a null stratum is never over.
        rules: Caps, as shares of the number of candidates.

    Returns:
        Columns image_id and stratum_sentence, one row for each who leaves.
    """
    # The exempt stand first in line: they are counted, but never over.
    staying = candidates.with_columns(_lot(candidates["image_id"], rules.seed)).sort(
        ["exempt", "lot"], descending=[True, False]
    )
    leaving = [_NOBODY]
    for stratum, share in _caps(rules).items():
        most = max(1, math.floor(share * candidates.height + 1e-9))
        place = pl.int_range(pl.len()).over(stratum)
        is_over = (place >= most) & ~pl.col("exempt") & pl.col(stratum).is_not_null()
        divided = staying.with_columns(is_over.alias("is_over"))
        leaving.append(
            divided.filter("is_over").select(
                "image_id", _sentence(stratum, share, most).alias("stratum_sentence")
            )
        )
        staying = divided.filter(~pl.col("is_over"))
    return pl.concat(leaving)


def _sentence(stratum: str, share: float, most: int) -> pl.Expr:
    return pl.format(
        "{} {} would hold more than {} pictures, {} of all; raise max_{} to keep it",
        pl.lit(stratum.replace("_", " ")),
        pl.col(stratum).cast(pl.String),
        pl.lit(most),
        pl.lit(f"{share:.0%}"),
        pl.lit(stratum),
    )


def mood_bins(attributes: Array) -> list[str]:
    """Name each picture's cell of the emotional range, "serene cold dense".

    Args:
        attributes: float32[N, 4] in [0, 1]: energy, warmth, complexity, abstraction.
    """
    thirds = np.clip((attributes[:, :3] * 3).astype(np.int64), 0, 2)
    return [
        " ".join(ends[third] for ends, third in zip(MOOD_ENDS, row, strict=True))
        for row in thirds.tolist()
    ]


def cluster_embeddings(embeddings: Array, ids: pl.Series, rules: BalanceRules) -> Array:
    """Fit the centres of spherical k-means on a sample of the rows.

    Args:
        embeddings: float32[N, D], unit length, N >= 1.
        ids: Of the rows; the sample goes by their digest, not by their order.
        rules: clusters, sample and seed.

    Returns:
        float32[K, D], unit length; K is less than asked for where the sample is.
    """
    order = _lot(ids, rules.seed).arg_sort().to_numpy()
    sample = embeddings[order[: rules.sample]]
    centres = _spread_out(sample, min(rules.clusters, len(sample)), rules.seed)
    nearest = np.full(len(sample), -1)
    for _ in range(_ROUNDS):
        before, nearest = nearest, nearest_centre(sample, centres)
        if np.array_equal(before, nearest):
            break
        sums = np.zeros_like(centres)
        np.add.at(sums, nearest, sample)
        empty = np.linalg.norm(sums, axis=1) < 1e-6
        sums[empty] = centres[empty]
        centres = l2_normalize(sums)
    return centres


def nearest_centre(embeddings: Array, centres: Array) -> npt.NDArray[np.int64]:
    """Return the row of the nearest centre, int64[N]; of equals the lower one."""
    blocks = [
        (embeddings[start : start + _ROWS_AT_ONCE] @ centres.T).argmax(axis=1)
        for start in range(0, len(embeddings), _ROWS_AT_ONCE)
    ]
    return np.concatenate(blocks) if blocks else np.empty(0, np.int64)


def _spread_out(sample: Array, count: int, seed: int) -> Array:
    """Draw starting centres, each likelier the farther it lies from those drawn."""
    rng = np.random.default_rng(seed)
    rows = [int(rng.integers(len(sample)))]
    distance = np.full(len(sample), np.inf)
    for _ in range(count - 1):
        distance = np.minimum(distance, np.clip(1 - sample @ sample[rows[-1]], 0, None))
        total = distance.sum(dtype=np.float64)
        if total < 1e-6:
            break  # every picture that is left is equal to a centre
        drawn = int(np.searchsorted(np.cumsum(distance / total), rng.random()))
        rows.append(min(drawn, len(sample) - 1))
    return sample[rows]


def _caps(rules: BalanceRules) -> dict[str, float]:
    caps = {
        "aesthetic": rules.max_aesthetic,
        "mood_bin": rules.max_mood_bin,
        "cluster": rules.max_cluster,
    }
    return {stratum: share for stratum, share in caps.items() if share is not None}


def _with_strata(
    candidates: pl.DataFrame, looks: pl.DataFrame, rules: BalanceRules
) -> pl.DataFrame:
    """Add mood_bin and cluster where they are capped; the rest needs no vectors."""
    if not candidates.height or {*_caps(rules)} <= {"aesthetic"}:
        return candidates
    known = candidates.join(looks, on="image_id", maintain_order="left")
    if not known.height:
        return candidates.with_columns(
            pl.lit(None, pl.String).alias("mood_bin"),
            pl.lit(None, pl.Int64).alias("cluster"),
        )
    embeddings = as_matrix(known["embedding"])
    centres = cluster_embeddings(embeddings, known["image_id"], rules)
    strata = known.select("image_id").with_columns(
        pl.Series("mood_bin", mood_bins(as_matrix(known["attributes"]))),
        pl.Series("cluster", nearest_centre(embeddings, centres)),
    )
    return candidates.join(strata, on="image_id", how="left", maintain_order="left")


def _lot(ids: pl.Series, seed: int) -> pl.Series:
    """Draw a fixed lot for each id, uint64; it depends on nothing but id and seed."""
    key = seed.to_bytes(8, "big", signed=True)
    lots = [
        int.from_bytes(
            hashlib.blake2b(name.encode(), digest_size=8, key=key).digest(), "big"
        )
        for name in ids
    ]
    return pl.Series("lot", lots, pl.UInt64)
