import numpy as np
import pytest
import soundfile

from evoke_core.memory import stem_files
from evoke_core.memory.stem_files import StemFiles, stem_names
from evoke_core.memory.stems import StemBlock

RATE = 8_000


def block(samples, seed=0, level=0.1):
    rng = np.random.default_rng(seed)
    stems = rng.normal(0, level, (4, samples, 2)).astype(np.float32)
    return StemBlock(stems, stems.sum(axis=0))


@pytest.fixture
def kept(tmp_path):
    """What was handed over: (samples, Hz) by the name of the file."""
    found = {}

    def keep(path):
        found[path.name] = soundfile.read(path, dtype="float32")

    return found, lambda: StemFiles(tmp_path / "stems", RATE, keep)


def test_every_stem_is_a_flac_of_its_own(kept, tmp_path):
    found, opened = kept
    blocks = [block(500, 1), block(300, 2)]
    with opened() as files:
        for each in blocks:
            files.take(each)
    assert tuple(found) == stem_names(0.1)
    assert list(found) == ["vocals.flac", "drums.flac", "bass.flac", "other.flac"]
    for number, (samples, rate) in enumerate(found.values()):
        expected = np.concatenate([each.stems[number] for each in blocks])
        assert rate == RATE
        np.testing.assert_allclose(samples, expected, atol=2**-23)
    assert list((tmp_path / "stems").iterdir()) == []


def test_a_long_song_comes_in_parts_without_a_gap(kept, monkeypatch):
    monkeypatch.setattr(stem_files, "PART_S", 1)
    found, opened = kept
    whole = block(2 * RATE + 100)
    with opened() as files:
        for start in range(0, 2 * RATE + 100, 3_000):
            stop = start + 3_000
            part = StemBlock(whole.stems[:, start:stop], whole.mix[start:stop])
            files.take(part)
    assert tuple(found) == stem_names(2 + 100 / RATE)
    names = ["bass.flac", "bass-2.flac", "bass-3.flac"]
    lengths = [len(found[name][0]) for name in names]
    joined = np.concatenate([found[name][0] for name in names])
    assert lengths == [RATE, RATE, 100]
    np.testing.assert_allclose(joined, whole.stems[2], atol=2**-23)


def test_a_song_that_ends_with_a_part_has_no_empty_one(kept, monkeypatch):
    monkeypatch.setattr(stem_files, "PART_S", 1)
    found, opened = kept
    with opened() as files:
        files.take(block(RATE))
    assert tuple(found) == stem_names(1.0)
    assert len(found) == 4


def test_what_exceeds_full_scale_is_held_there(kept):
    found, opened = kept
    loud = block(100)
    loud.stems[2, :10] = 3.0
    with opened() as files:
        files.take(loud)
    assert found["bass.flac"][0].max() == pytest.approx(1.0, abs=1e-6)


def test_nothing_is_left_where_separating_fails(kept, tmp_path):
    found, opened = kept

    def fail():
        with opened() as files:
            files.take(block(100))
            raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError):
        fail()
    assert found == {}
    assert list((tmp_path / "stems").iterdir()) == []
