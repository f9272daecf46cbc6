"""Which pictures are the same picture: exact by bytes, near by pHash and outline.

Hashes within a radius tie pictures into components (`hamming`); that is only where to
look. Inside one, in the order of preference, a keeper takes what is within *its own*
radius and confirmed, so that a chain of small steps can't tie unlike pictures together.
Nothing here grows with the number of pairs.

A pair is confirmed by equal bytes or, where the pictures bring their luma grids, by
their outlines; else by the embeddings. An embedding of feeling is the weaker witness:
two dark portraits of one mood are nearer in it than two scans of one painting.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import numpy.typing as npt
import polars as pl

from evoke_core.config.profile import DedupeRules
from evoke_core.corpus.components import hamming_components, mirrored_components
from evoke_core.corpus.hamming import Hashes, Rows
from evoke_core.corpus.mirrors import FORMS, GRID_PX, Grids, outlines, turn
from evoke_core.vectors import Array

_AT_ONCE = 64  # keepers asked at once: a matrix of 64 rows, however large a component

_Mask = npt.NDArray[np.bool_]


def cluster_duplicates(
    pictures: pl.DataFrame,
    embeddings: Array,
    rules: DedupeRules,
    known: pl.DataFrame | None = None,
    mirror_hashes: Hashes | None = None,
    *,
    report: Callable[[int, int], None] = lambda _done, _total: None,
) -> pl.DataFrame:
    """Assign every picture to a cluster of copies.

    Args:
        pictures: Columns image_id, source, source_key, sha256, phash, width_px,
            height_px, sharpness; one row per readable picture. Optional are served
            (whether boards may show it), freedom (of the licence, 0 is freest) and
            luma_grid (256 bytes, see `mirrors.luma_grid`).
        embeddings: float32[N, D], unit length, in the rows' order.
        rules: Radius in bits, what confirms a pair, whether mirrored copies count.
        known: An earlier result at the same rules: then only new hashes are looked up
            among all. The result is that of a run without it, whatever came, left or
            changed meanwhile.
        mirror_hashes: uint64[N, 8] of `mirrors.dihedral_hashes`; used, and needed,
            where the rules count mirrored copies. Then known saves nothing.
        report: Told (done, total) of the pictures that have a near hash, while it is
            confirmed which are copies.

    Returns:
        The table `duplicate_clusters`, in the rows' order. A cluster's keeper is the
        one that boards may show, then the largest, freest, sharpest, lowest id.
    """
    evidence = _Evidence.of(pictures, embeddings, rules, mirror_hashes)
    components = _components(evidence, known)
    keeper = _keepers(evidence, components, _by_preference(pictures), report)
    own = keeper == np.arange(pictures.height)
    exact = evidence.bytes_ == evidence.bytes_[keeper]
    relation = np.where(own, "keeper", np.where(exact, "exact", "near"))
    return pictures.select("image_id", "source", "source_key", "phash").with_columns(
        pictures["image_id"].gather(keeper).alias("cluster_id"),
        pl.Series("is_keeper", own, pl.Boolean),
        pl.Series("relation", relation, pl.String),
        _named(pictures["image_id"], components),
    )


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What may tell that two pictures are one, row by row."""

    rules: DedupeRules
    phashes: Hashes
    bytes_: npt.NDArray[np.uint32]  # a number for every distinct sha256
    embeddings: Array
    grids: Grids | None
    forms: Hashes | None
    outlines: Array  # float32[N, 480] of one component; empty for all pictures

    @classmethod
    def of(
        cls,
        pictures: pl.DataFrame,
        embeddings: Array,
        rules: DedupeRules,
        forms: Hashes | None,
    ) -> "_Evidence":
        if rules.mirrored and forms is None:
            raise ValueError(
                "mirror_hashes: got None, but dedupe.mirrored asks for mirrored "
                "copies; pass uint64[N, 8] of dihedral_hashes"
            )
        return cls(
            rules,
            pictures["phash"].to_numpy(),
            pictures["sha256"].rank("dense").to_numpy().astype(np.uint32),
            embeddings,
            _grids(pictures),
            forms if rules.mirrored else None,
            np.empty((0, 0), np.float32),
        )

    def only(self, rows: Rows) -> "_Evidence":
        grids = None if self.grids is None else self.grids[rows]
        return replace(
            self,
            outlines=self.outlines if grids is None else outlines(grids),
            phashes=self.phashes[rows],
            bytes_=self.bytes_[rows],
            embeddings=self.embeddings[rows],
            grids=grids,
            forms=None if self.forms is None else self.forms[rows],
        )

    def copies(self, keepers: Rows) -> _Mask:
        """Tell which pictures are copies of which keepers, bool[K, N]."""
        same = self.bytes_[keepers, None] == self.bytes_
        return cast("_Mask", self._near(keepers) & (same | self._alike(keepers)))

    def _near(self, keepers: Rows) -> _Mask:
        radius = self.rules.radius_bits
        own = self.phashes[keepers, None]
        near = np.bitwise_count(own ^ self.phashes) <= radius
        for form in range(0 if self.forms is None else FORMS):
            forms = cast("Hashes", self.forms)[:, form]
            near |= np.bitwise_count(forms[keepers, None] ^ self.phashes) <= radius
            near |= np.bitwise_count(own ^ forms) <= radius
        return cast("_Mask", near)

    def _alike(self, keepers: Rows) -> _Mask:
        cosine = self.embeddings[keepers] @ self.embeddings.T
        alike = cosine >= self.rules.min_cosine
        if self.grids is None:
            return alike
        others = self.outlines
        agree = np.zeros_like(alike)
        for form in range(1 if self.forms is None else FORMS):
            turned = outlines(turn(self.grids[keepers], form))
            agree |= turned @ others.T >= self.rules.min_outline
        # What has no outline, a blank page, is left to the embedding.
        blank: _Mask = np.logical_not(others.any(axis=1))
        return np.where(blank[keepers, None] & blank, alike, agree)


def _grids(pictures: pl.DataFrame) -> Grids | None:
    if "luma_grid" not in pictures.columns:
        return None
    joined = b"".join(pictures["luma_grid"].to_list())
    return np.frombuffer(joined, np.uint8).reshape(-1, GRID_PX, GRID_PX)


def _components(evidence: _Evidence, known: pl.DataFrame | None) -> Rows:
    radius = evidence.rules.radius_bits
    if evidence.forms is not None:
        return mirrored_components(evidence.phashes, evidence.forms, radius)
    if known is None:
        return hamming_components(evidence.phashes, radius)
    numbers = known["component_id"].rank("dense").to_numpy().astype(np.int64)
    before = (known["phash"].to_numpy(), numbers)
    return hamming_components(evidence.phashes, radius, before)


def _keepers(
    evidence: _Evidence,
    components: Rows,
    preference: Rows,
    report: Callable[[int, int], None],
) -> Rows:
    """Return the keeper's row for every row."""
    keeper = np.arange(len(components))
    several = list(_of_several(components, preference))
    done, total = 0, sum(map(len, several))
    for members in several:
        keeper[members] = members[_take(evidence.only(members))]
        done += len(members)
        report(done, total)
    return keeper


def _take(component: _Evidence) -> Rows:
    """Let each picture, the best first, take what is its copy and still free."""
    keeper = np.full(len(component.phashes), -1)
    for start in range(0, len(keeper), _AT_ONCE):
        asked = start + np.flatnonzero(keeper[start : start + _AT_ONCE] < 0)
        if not len(asked):
            continue
        copies = component.copies(asked)
        for number, row in enumerate(asked.tolist()):
            if keeper[row] < 0:
                keeper[copies[number] & (keeper < 0)] = row
                keeper[row] = row
    return keeper


def _of_several(components: Rows, preference: Rows) -> Iterator[Rows]:
    """Yield the rows of every component of more than one, the best keeper first."""
    ordered = preference[np.argsort(components[preference], kind="stable")]
    starts = np.flatnonzero(np.diff(components[ordered], prepend=-1))
    ends = np.append(starts[1:], len(ordered))
    several = ends - starts > 1
    for start, end in zip(starts[several], ends[several], strict=True):
        yield ordered[start:end]


def _by_preference(pictures: pl.DataFrame) -> Rows:
    """Order rows from the best keeper on: shown, largest, freest, sharpest, by id."""
    sides = (pl.col("width_px").cast(pl.Int64), pl.col("height_px").cast(pl.Int64))
    columns = pictures.columns
    order = pictures.select(
        "sharpness",
        "image_id",
        pl.col("served") if "served" in columns else pl.lit(value=True).alias("served"),
        pl.col("freedom") if "freedom" in columns else pl.lit(0).alias("freedom"),
        (sides[0] * sides[1]).alias("area"),
        pl.int_range(pl.len()).alias("row"),
    ).sort(
        ["served", "area", "freedom", "sharpness", "image_id"],
        descending=[True, True, False, True, False],
    )
    return cast("Rows", order["row"].to_numpy())


def _named(image_ids: pl.Series, components: Rows) -> pl.Series:
    """Name each component by the lowest id in it, which no order of rows changes."""
    frame = pl.DataFrame({"image_id": image_ids, "component": components})
    lowest = pl.col("image_id").min().over("component")
    return frame.select(lowest.alias("component_id")).to_series()
