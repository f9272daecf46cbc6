"""Which paintings there are, what is planted in them, and their duplicates."""

import io
from collections import Counter
from itertools import product

import imagehash
import numpy as np
import pytest
from PIL import Image

from evoke_core.corpus.sources.painted.canvas import Easel
from evoke_core.corpus.sources.painted.catalogue import list_paintings, paint
from evoke_core.corpus.sources.painted.families import FAMILIES, Family

LISTED = list_paintings(count=320)
ORIGINALS = [each for each in LISTED if each.duplicate_of is None]
QUICK = {"city_bokeh", "desert_dunes", "ember_and_ash", "op_art", "smoke"}  # to paint
COPIES = sorted(
    (each for each in LISTED if each.duplicate_of is not None),
    key=lambda each: each.family not in QUICK,
)


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_families_are_many_and_evenly_filled() -> None:
    counts = Counter(each.family for each in ORIGINALS)
    assert len(FAMILIES) >= 12
    assert set(counts) == {family.name for family in FAMILIES}
    assert max(counts.values()) - min(counts.values()) <= 1


def test_keys_and_seeds_are_unique() -> None:
    assert len({each.key for each in LISTED}) == len(LISTED)
    assert len({each.seed for each in ORIGINALS}) == len(ORIGINALS)


def test_a_larger_collection_keeps_what_a_smaller_one_had() -> None:
    assert set(list_paintings(count=100)) <= set(LISTED)


def test_planted_feelings_lie_in_all_four_quadrants() -> None:
    quadrants = Counter((e.valence > 0, e.arousal > 0) for e in ORIGINALS)
    assert min(quadrants[q] for q in product((True, False), repeat=2)) >= 20
    assert all(abs(e.valence) <= 1 and abs(e.arousal) <= 1 for e in ORIGINALS)


def test_the_same_painting_has_the_same_bytes() -> None:
    painting = next(each for each in ORIGINALS if each.family == "smoke")
    assert paint(painting) == paint(painting)


def test_pictures_are_rgb_jpegs_of_a_size_for_a_board() -> None:
    picture = opened(paint(ORIGINALS[5]))
    assert (picture.format, picture.mode) == ("JPEG", "RGB")
    assert 600 <= max(picture.size) <= 1024


def test_an_exact_copy_has_the_bytes_of_its_original() -> None:
    copy = next(each for each in COPIES if each.relation == "exact")
    original = next(each for each in ORIGINALS if each.key == copy.duplicate_of)
    assert paint(copy) == paint(original)


@pytest.mark.parametrize("transform", ["crop", "recompress", "colour_shift", "resize"])
def test_a_near_copy_looks_like_its_original(transform: str) -> None:
    copy = next(each for each in COPIES if each.transform == transform)
    original = next(each for each in ORIGINALS if each.key == copy.duplicate_of)
    data, source = paint(copy), paint(original)
    assert data != source
    assert imagehash.phash(opened(data)) - imagehash.phash(opened(source)) <= 12


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
@pytest.mark.parametrize(
    "dials",
    [(0, 0, 0, 0), (0.999, 0.999, 0.999, 0.999), (0, 0.999, 0, 0.999), (1, 0, 1, 0)],
)
def test_every_family_paints_at_the_corners_of_its_dials(
    family: Family, dials: tuple[float, ...]
) -> None:
    easel = Easel(132, 88, np.random.default_rng(3), *dials)
    painted = family.paint(easel)
    assert painted.shape == (88, 132, 3)
    assert np.isfinite(painted).all()
    # what lies beyond is clipped: it may be some light, not the picture
    assert np.abs(painted - np.clip(painted, 0, 1)).mean() < 0.05
    assert np.clip(painted, 0, 1).std() > 0.01
