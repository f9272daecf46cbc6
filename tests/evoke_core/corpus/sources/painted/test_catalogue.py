"""Which paintings there are, what is planted in them, and their duplicates."""

import io
from collections import Counter
from itertools import product

import imagehash
import numpy as np
import pytest
from PIL import Image

from evoke_core.corpus.sources.painted.canvas import Easel, frame_size
from evoke_core.corpus.sources.painted.catalogue import list_paintings, paint
from evoke_core.corpus.sources.painted.families import FAMILIES, Family

LISTED = list_paintings(count=320)
ORIGINALS = [each for each in LISTED if each.duplicate_of is None]
COPIES = [each for each in LISTED if each.duplicate_of is not None]


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
    assert paint(ORIGINALS[0]) == paint(ORIGINALS[0])


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
def test_every_family_paints_at_both_ends_of_its_dials(family: Family) -> None:
    width, height = frame_size(1.5)
    for dial in (0.0, 0.999):
        rng = np.random.default_rng(3)
        easel = Easel(width // 4, height // 4, rng, dial, dial, dial, dial)
        painted = family.paint(easel)
        assert painted.shape == (height // 4, width // 4, 3)
        assert np.isfinite(painted).all()
        assert painted.std() > 0.01
