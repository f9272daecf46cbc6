import json

import numpy as np
import pytest

from evoke_core.music.descriptors import DESCRIPTORS
from evoke_core.music.emotion import COMPOSITES
from evoke_core.music.reference import (
    combine,
    load_reference,
    measure_reference,
    write_reference,
)


def rows(count=200):
    return np.random.default_rng(5).normal(3, 2, (count, len(DESCRIPTORS)))


def test_the_shipped_statistics_cover_every_descriptor_and_composite():
    reference = load_reference()
    assert set(reference.descriptors) == set(DESCRIPTORS)
    assert set(reference.composites) == set(COMPOSITES)
    assert all(deviation > 0 for _, deviation in reference.descriptors.values())
    assert reference.clips == 240


def test_what_was_measured_becomes_mean_zero_and_deviation_one():
    descriptors = rows().astype(np.float32)
    reference = measure_reference(descriptors, {}, provenance="made here")
    deviations = reference.standardise(descriptors)
    np.testing.assert_allclose(deviations.mean(axis=0), 0, atol=0.05)
    np.testing.assert_allclose(deviations.std(axis=0), 1, atol=0.1)


def test_one_strange_clip_hardly_moves_the_scale():
    descriptors = rows().astype(np.float32)
    plain = measure_reference(descriptors, {}, provenance="made here")
    descriptors[0] = 1e4
    strange = measure_reference(descriptors, {}, provenance="made here")
    for name in DESCRIPTORS:
        assert strange.descriptors[name][1] == pytest.approx(
            plain.descriptors[name][1], rel=0.15
        )


def test_deviations_end_at_three():
    far = np.full((1, len(DESCRIPTORS)), 1e9, np.float32)
    reference = load_reference()
    assert (reference.standardise(far) == 3).all()
    assert (reference.standardise(-far) == -3).all()


def test_cues_are_averaged_by_weight_and_sign():
    deviations = np.zeros((1, len(DESCRIPTORS)), np.float32)
    deviations[0, DESCRIPTORS.index("tempo")] = 1.0
    deviations[0, DESCRIPTORS.index("roughness")] = 2.0
    value = combine(deviations, {"tempo": 2, "roughness": -1})
    assert value.tolist() == [0.0]
    assert combine(deviations, {"tempo": 3, "roughness": 1})[0] == 1.25


def test_the_file_text_carries_the_numbers_and_their_digest_follows_them():
    first = measure_reference(rows(), {}, provenance="made here")
    second = measure_reference(rows() + 1, {}, provenance="made here")
    content = json.loads(write_reference(first))
    assert content["clips"] == 200
    assert tuple(content["descriptors"]["tempo"]) == first.descriptors["tempo"]
    assert first.digest != second.digest
