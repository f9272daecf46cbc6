"""The handcrafted embedding: its layout, its stability, what it tells apart."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from evoke_core.config.fields import AXES
from evoke_core.corpus.decode import decode_picture, encode_jpeg
from evoke_core.corpus.mirrors import dihedral_hashes
from evoke_core.images.affect import picture_affect
from evoke_core.images.encode import ImageEncoder
from evoke_core.images.fitted import load_fitted
from evoke_core.images.handcrafted import (
    AFFECT_SHARE,
    ATTRIBUTE_SHARE,
    LOOK_SHARE,
    HandcraftedImageEncoder,
    affect_of,
    attributes_of,
)
from evoke_core.pixels.attributes import (
    measure_attributes,
    natural_attributes,
)
from evoke_core.pixels.features import BLOCKS, FEATURES, describe_view
from evoke_core.pixels.reference import load_reference
from evoke_core.pixels.view import view_picture

SHARED = Path(os.environ.get("EVOKE_SHARED", Path(__file__).parents[4] / "shared"))
IMAGES = SHARED / "data" / "images"
needs_shared = pytest.mark.skipif(
    not IMAGES.is_dir(), reason="no rated collections beside this checkout"
)


def scene(seed: int) -> np.ndarray:
    """A random landscape: a sky, a ground, discs of colour, some grain."""
    rng = np.random.default_rng(seed)
    height, width = 240, 320
    picture = np.empty((height, width, 3))
    line = rng.integers(60, 180)
    picture[:line], picture[line:] = rng.uniform(0, 255, (2, 3))
    rows, columns = np.mgrid[:height, :width]
    for _ in range(rng.integers(3, 25)):
        gap = np.hypot(rows - rng.uniform(0, height), columns - rng.uniform(0, width))
        picture[gap < rng.uniform(5, 50)] = rng.uniform(0, 255, 3)
    picture += rng.normal(0, rng.uniform(1, 12), picture.shape)
    return np.clip(picture, 0, 255).astype(np.uint8)


def encode(*pictures: np.ndarray) -> np.ndarray:
    return HandcraftedImageEncoder().encode_images(pictures)


SCENES = [scene(seed) for seed in range(12)]


def test_it_is_an_image_encoder() -> None:
    encoder: ImageEncoder = HandcraftedImageEncoder()
    assert encoder.name == "handcrafted"
    assert encoder.fingerprint.startswith("handcrafted-2-pillow-")
    assert encoder.licence
    assert encoder.encode_images([]).shape == (0, encoder.dimension)


def test_the_fingerprint_names_the_statistics_and_the_fitted_correction() -> None:
    fingerprint = HandcraftedImageEncoder().fingerprint
    assert load_reference().digest[:12] in fingerprint
    assert load_fitted().digest[:12] in fingerprint


def test_embeddings_are_float32_unit_length_and_repeatable() -> None:
    found = encode(*SCENES)
    assert found.dtype == np.float32
    assert found.shape == (len(SCENES), HandcraftedImageEncoder.dimension)
    assert np.linalg.norm(found, axis=1) == pytest.approx(1, abs=1e-5)
    assert (found == encode(*SCENES)).all()


def test_a_picture_has_the_same_bits_in_any_company() -> None:
    rng = np.random.default_rng(3)
    pictures = [*SCENES, *rng.integers(0, 256, (24, 40, 60, 3), dtype=np.uint8)]
    alone = np.concatenate([encode(each) for each in pictures])
    for size in (5, 16, len(pictures)):
        together = encode(*pictures[:size])
        assert (together == alone[:size]).all()


def test_each_block_holds_its_share_of_the_squared_length() -> None:
    squared = encode(*SCENES) ** 2
    assert squared[:, :4].sum(axis=1) == pytest.approx(AFFECT_SHARE, abs=1e-4)
    assert squared[:, 4:12].sum(axis=1) == pytest.approx(ATTRIBUTE_SHARE, abs=1e-4)
    for block in BLOCKS.values():
        held = squared[:, 12 + block.start : 12 + block.stop].sum(axis=1)
        assert held == pytest.approx(LOOK_SHARE / 3, abs=1e-4)


def test_affect_and_attributes_read_back_out_of_the_embedding() -> None:
    found = encode(*SCENES)
    features = np.stack([describe_view(view_picture(rgb)) for rgb in SCENES])
    attributes = np.stack([measure_attributes(rgb) for rgb in SCENES])
    assert affect_of(found) == pytest.approx(picture_affect(features), abs=1e-4)
    assert affect_of(3 * found) == pytest.approx(affect_of(found), abs=1e-5)
    assert attributes_of(found) == pytest.approx(attributes, abs=1e-4)


def cropped(rgb: np.ndarray) -> np.ndarray:
    return rgb[rgb.shape[0] // 20 :, rgb.shape[1] // 20 :]


def recompressed(rgb: np.ndarray) -> np.ndarray:
    return decode_picture(encode_jpeg(rgb, longest_px=512, quality=40)).rgb


def tinted(rgb: np.ndarray) -> np.ndarray:
    return np.clip(rgb * np.array([1.03, 1.0, 0.97]), 0, 255).astype(np.uint8)


def shrunk(rgb: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(rgb).reduce(2))


@pytest.mark.parametrize("change", [cropped, recompressed, tinted, shrunk])
def test_near_duplicates_stay_near(change) -> None:
    nearness = (encode(*SCENES) * encode(*map(change, SCENES))).sum(axis=1)
    assert nearness.min() >= 0.9


def test_a_near_duplicate_finds_its_own_original_first() -> None:
    nearness = encode(*map(cropped, SCENES)) @ encode(*SCENES).T
    assert nearness.argmax(axis=1).tolist() == list(range(len(SCENES)))


def test_the_statistics_cover_everything_and_say_where_they_come_from() -> None:
    moments = load_reference().moments
    assert set(FEATURES) < set(moments)
    assert all(sd > 0 for _, sd in moments.values())
    assert "statistics only" in (
        Path(describe_view.__code__.co_filename)
        .with_name("reference_statistics.json")
        .read_text(encoding="utf-8")
    )


@pytest.mark.shared
@needs_shared
def test_the_statistics_are_those_of_the_reference_pictures() -> None:
    files = sorted(IMAGES.glob("*/*.*"))[::16]
    views = [view_picture(decode_picture(path.read_bytes()).rgb) for path in files]
    measured = np.stack(
        [np.append(describe_view(view), natural_attributes(view)) for view in views]
    )
    standard = load_reference().standardise(FEATURES + AXES, measured)
    assert np.abs(standard.mean(axis=0)).max() < 0.6  # 51 of 816 pictures
    assert 0.4 < standard.std(axis=0).min() < standard.std(axis=0).max() < 1.8


@pytest.mark.shared
@needs_shared
def test_different_photographs_are_mostly_apart() -> None:
    files = sorted(IMAGES.glob("oasis/*-1.jpg"))[::2]
    found = encode(*(decode_picture(path.read_bytes()).rgb for path in files))
    pairs = (found @ found.T)[np.triu_indices(len(files), 1)]
    assert (pairs < 0.8).mean() > 0.97


@pytest.mark.shared
@needs_shared
def test_true_duplicates_pass_the_hash_and_look_alikes_do_not() -> None:
    with (IMAGES / "duplicate_pairs.csv").open(encoding="utf-8") as lines:
        pairs = list(csv.DictReader(lines))
    for pair in pairs:
        first, second = (
            decode_picture((SHARED / "data" / pair[side]).read_bytes()).rgb
            for side in ("path_a", "path_b")
        )
        bits = (dihedral_hashes(first)[0] ^ dihedral_hashes(second)[0]).bit_count()
        if pair["relation"] == "duplicate":
            assert bits <= 12
        if pair["relation"] == "look_alike":
            assert bits >= 22
