import numpy as np
import pytest

from evoke_core.errors import BridgeError
from evoke_core.memory.projection import (
    Projection,
    read_projection,
    untrained_projection,
    write_projection,
)
from evoke_core.vectors import cosine_similarity


def sounds(count: int, dimension: int = 1024, *, seed: int = 0):
    """Sounds as OpenL3 gives them: much in common, a little of their own."""
    common = 5 + np.random.default_rng(99).standard_normal(dimension)
    own = np.random.default_rng(seed).standard_normal((count, dimension))
    return (common + own).astype(np.float32)


@pytest.fixture(scope="module")
def plain():
    return untrained_projection(1024)


def test_the_matrix_is_orthonormal_and_seeded(plain):
    assert np.allclose(plain.weight.T @ plain.weight, np.eye(768), atol=1e-5)
    assert np.array_equal(untrained_projection(1024).weight, plain.weight)
    other = untrained_projection(1024, seed=1)
    assert abs(cosine_similarity(other.weight[:1], plain.weight[:1])[0, 0]) < 0.2
    assert other.fingerprint != plain.fingerprint


def test_openl3s_own_dimension_is_the_default():
    projection = untrained_projection()
    assert projection.weight.shape == (4096, 768)
    assert projection.direct(sounds(1, 4096)[0]).vector.dtype == np.float32


def test_directions_are_unit_length(plain):
    direction = plain.direct(sounds(1)[0])
    assert np.linalg.norm(direction.vector) == pytest.approx(1.0, abs=1e-6)
    assert direction.presence == 1.0


def test_songs_stay_as_far_apart_as_they_sound():
    library = sounds(60)
    projection = untrained_projection(1024, library=library)
    centred = library - library.mean(axis=0)
    pulled = np.stack([projection.direct(each).vector for each in library])
    moved = cosine_similarity(pulled, pulled) - cosine_similarity(centred, centred)
    assert np.abs(moved).max() < 0.1


@pytest.mark.parametrize("library", [None, sounds(60, seed=1)])
def test_what_all_songs_share_pulls_nobody(library):
    projection = untrained_projection(1024, library=library)
    pulled = np.stack([projection.direct(each).vector for each in sounds(30, seed=2)])
    uncentred = sounds(30, seed=2) @ projection.weight
    assert cosine_similarity(uncentred, uncentred).mean() > 0.9
    between = cosine_similarity(pulled, pulled)[~np.eye(30, dtype=bool)].mean()
    assert between < 0.6


def test_a_song_near_the_mean_of_all_says_little():
    library = sounds(50)
    projection = untrained_projection(1024, library=library)
    mean = library.mean(axis=0)
    assert projection.direct(mean).presence < 1e-3
    near = projection.direct(mean + 0.1 * (library[0] - mean)).presence
    assert near == pytest.approx(0.1, abs=0.03)
    presences = [projection.direct(each).presence for each in library]
    assert max(presences) == 1.0
    assert min(presences) > 0.8


def test_sound_without_a_pattern_has_no_direction(plain):
    for level in (0.0, 3.0):
        direction = plain.direct(np.full(1024, level, np.float32))
        assert not direction.vector.any()
        assert direction.presence == 0.0


def test_a_library_of_one_song_is_no_centre():
    assert untrained_projection(1024, library=sounds(1)).mean is None


def test_a_library_of_equal_songs_has_no_typical_distance():
    projection = untrained_projection(1024, library=np.ones((3, 1024), np.float32))
    assert projection.typical is None
    assert projection.direct(np.ones(1024, np.float32)).presence == 0.0


@pytest.mark.parametrize(
    "sound", [np.zeros(1000, np.float32), np.full(1024, np.nan, np.float32)]
)
def test_a_sound_of_another_model_is_refused(plain, sound):
    with pytest.raises(BridgeError, match="1024 finite numbers"):
        plain.direct(sound)


@pytest.mark.parametrize("dimension", [512, 1001])
def test_dimensions_that_are_no_sounds_are_refused(dimension):
    with pytest.raises(BridgeError, match=str(dimension)):
        untrained_projection(dimension)


def test_a_projection_comes_back_as_it_was_kept(store, plain):
    library = untrained_projection(1024, library=sounds(9))
    for each in (plain, library):
        write_projection(store, "memory/p.safetensors", each, {"n": 9})
        found = read_projection(store, "memory/p.safetensors")
        assert found.fingerprint == each.fingerprint
        assert np.array_equal(
            found.direct(sounds(1)[0]).vector, each.direct(sounds(1)[0]).vector
        )


def test_a_damaged_projection_says_so(store, plain):
    key = "memory/p.safetensors"
    with pytest.raises(KeyError):
        read_projection(store, key)
    store.write(key, b"rubbish")
    with pytest.raises(BridgeError, match="fit it again"):
        read_projection(store, key)
    odd = Projection(plain.weight, np.zeros(3, np.float32), None, "odd")
    write_projection(store, key, odd, {})
    with pytest.raises(BridgeError, match="not a projection's"):
        read_projection(store, key)
