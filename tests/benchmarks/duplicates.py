"""How well copies are told from look-alikes, on the labelled pairs of real pictures.

    EVOKE_SHARED=... python -m tests.benchmarks.duplicates

Prints precision and recall of the duplicate decision with either confirmation, the
margin of the outlines, and which transforms are caught at which radius. Times nothing.
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from evoke_core.config.loading import load_run_profile
from evoke_core.config.profile import DedupeRules
from evoke_core.corpus.decode import decode_picture
from evoke_core.corpus.dedupe import cluster_duplicates
from evoke_core.corpus.facts import measure_facts
from evoke_core.corpus.hamming import Hashes, Rows, hamming_pairs
from evoke_core.corpus.mirrors import dihedral_hashes, luma_grid, outlines
from evoke_core.errors import PictureRefused
from evoke_core.images.handcrafted import HandcraftedImageEncoder
from evoke_core.vectors import Array

_REPOSITORY = Path(__file__).parents[2]
_RADII = (4, 6, 8, 10, 12)
_NOT_STRANGERS = ("duplicate", "same_scene", "variant")


@dataclass(frozen=True, slots=True)
class _Looked:
    """Every picture of the collection, as dedupe sees it."""

    pictures: pl.DataFrame
    embeddings: Array
    forms: Hashes

    def only(self, rows: list[int]) -> "_Looked":
        return _Looked(self.pictures[rows], self.embeddings[rows], self.forms[rows])

    def clusters(self, rules: DedupeRules, *, outlined: bool = True) -> list[str]:
        frame = self.pictures if outlined else self.pictures.drop("luma_grid")
        found = cluster_duplicates(
            frame, self.embeddings, rules, mirror_hashes=self.forms
        )
        return found["cluster_id"].to_list()


def main() -> int:
    """Print the report; the exit status says whether the bar holds."""
    beside = os.environ.get("EVOKE_SHARED", _REPOSITORY.parent / "shared")
    images = Path(beside) / "data" / "images"
    if not images.is_dir():
        sys.stdout.write("no research collections; EVOKE_SHARED names their folder\n")
        return 1
    rules = load_run_profile(_REPOSITORY / "assets_config", "demo").dedupe
    looked = _look(images)
    places = {name: row for row, name in enumerate(looked.pictures["image_id"])}
    labelled = _labelled(images / "duplicate_pairs.csv", places)
    groups = pl.read_csv(images / "duplicate_groups.csv")
    held = [
        _decisions(looked, labelled, rules, outlined=outlined)
        for outlined in (False, True)
    ]
    _margins(looked, labelled, _same_group(groups, places), rules)
    _transforms(looked, groups, places, rules)
    return 0 if held[-1] else 1


def _look(images: Path) -> _Looked:
    encoder = HandcraftedImageEncoder()
    rows, vectors, forms = [], [], []
    for path in pl.read_csv(images / "images.csv", infer_schema=False)["path"]:
        data = (images.parent / path).read_bytes()
        try:
            picture = decode_picture(data)
        except PictureRefused:
            continue  # a labelled one would be missed below
        facts = measure_facts(data, picture)
        columns = ("sha256", "phash", "width_px", "height_px", "sharpness")
        rows.append(
            {name: getattr(facts, name) for name in columns}
            | {"image_id": path, "source": "shared", "source_key": path}
            | {"luma_grid": luma_grid(picture.rgb).tobytes()}
        )
        vectors.append(encoder.encode_images([picture.rgb])[0])
        forms.append(dihedral_hashes(picture.rgb))
    frame = pl.DataFrame(rows, schema_overrides={"phash": pl.UInt64})
    return _Looked(frame, np.stack(vectors), np.array(forms, np.uint64))


def _labelled(path: Path, places: dict[str, int]) -> list[tuple[str, int, int]]:
    columns = ("relation", "path_a", "path_b")
    pairs = pl.read_csv(path).select(columns).iter_rows()
    return [(relation, places[one], places[two]) for relation, one, two in pairs]


def _same_group(groups: pl.DataFrame, places: dict[str, int]) -> set[tuple[int, int]]:
    members = groups.group_by("group").agg("path")["path"].to_list()
    return {(places[a], places[b]) for paths in members for a in paths for b in paths}


def _decisions(
    looked: _Looked,
    labelled: list[tuple[str, int, int]],
    rules: DedupeRules,
    *,
    outlined: bool,
) -> bool:
    """Print what became of the labelled pairs; tell whether the bar holds."""
    clusters = looked.clusters(rules, outlined=outlined)
    counts = {relation: [0, 0] for relation, _, _ in labelled}
    for relation, one, two in labelled:
        counts[relation][0] += clusters[one] == clusters[two]
        counts[relation][1] += 1
    found, wanted = counts["duplicate"]
    wrong = counts["look_alike"][0]
    said = "outlines" if outlined else "embeddings"
    sys.stdout.write(
        f"\nconfirmed by {said}, radius {rules.radius_bits}: "
        f"recall {found / wanted:.3f} ({found}/{wanted}), "
        f"precision {found / max(1, found + wrong):.3f} against look-alikes\n"
    )
    for relation, (merged, total) in counts.items():
        sys.stdout.write(f"  {relation:<12} merged {merged:>3} of {total}\n")
    return found == wanted and not wrong


def _margins(
    looked: _Looked,
    labelled: list[tuple[str, int, int]],
    related: set[tuple[int, int]],
    rules: DedupeRules,
) -> None:
    """Print how far copies and strangers within reach lie from the threshold."""
    copies = np.array([[a, b] for kind, a, b in labelled if kind == "duplicate"])
    friends = {(a, b) for kind, a, b in labelled if kind in _NOT_STRANGERS} | related
    for radius in (rules.radius_bits, 16):
        near = hamming_pairs(looked.pictures["phash"].to_numpy(), radius)
        strangers = [(a, b) for a, b in near.tolist() if not {(a, b), (b, a)} & friends]
        sys.stdout.write(
            f"\noutlines: furthest copy {_agreement(looked, copies).min():.3f}, "
            f"nearest of {len(strangers)} pairs of strangers within {radius} bits "
            f"{_agreement(looked, np.array(strangers)).max():.3f}, "
            f"threshold {rules.min_outline}\n"
        )


def _agreement(looked: _Looked, pairs: Rows) -> Array:
    raw = b"".join(looked.pictures["luma_grid"].to_list())
    vectors = outlines(np.frombuffer(raw, np.uint8).reshape(-1, 16, 16))
    return np.einsum("pd,pd->p", vectors[pairs[:, 0]], vectors[pairs[:, 1]])


def _transforms(
    looked: _Looked, groups: pl.DataFrame, places: dict[str, int], rules: DedupeRules
) -> None:
    """Print, for every transform, whether it is caught at each radius."""
    heads = "".join(f"{radius:>5}" for radius in _RADII)
    sys.stdout.write(f"\n{'transform':<46}{heads}   mirrored{heads}\n")
    originals = groups.filter(pl.col("transform") == "original")
    changed = groups.filter(pl.col("transform") != "original")
    for path, original, transform in (
        changed.join(originals.rename({"path": "original"}), on="group")
        .select("path", "original", "transform")
        .iter_rows()
    ):
        pair = looked.only([places[original], places[path]])
        marks = []
        for mirrored in (False, True):
            for radius in _RADII:
                tried = {"radius_bits": radius, "mirrored": mirrored}
                clusters = pair.clusters(rules.model_copy(update=tried))
                marks.append("yes" if clusters[0] == clusters[1] else "-")
        cells = [f"{mark:>5}" for mark in marks]
        half = len(_RADII)
        sys.stdout.write(
            f"{transform[:45]:<46}{''.join(cells[:half])}"
            f"           {''.join(cells[half:])}\n"
        )


if __name__ == "__main__":
    sys.exit(main())
