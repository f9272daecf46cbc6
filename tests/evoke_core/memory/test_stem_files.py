import numpy as np
import pytest
import soundfile

from evoke_core.memory.stem_files import StemFiles
from evoke_core.memory.stems import StemBlock

RATE = 8_000


def block(samples, seed=0, level=0.1):
    rng = np.random.default_rng(seed)
    stems = rng.normal(0, level, (4, samples, 2)).astype(np.float32)
    return StemBlock(stems, stems.sum(axis=0))


def test_every_stem_is_a_flac_of_its_own(tmp_path):
    blocks = [block(500, 1), block(300, 2)]
    with StemFiles(tmp_path / "stems", RATE) as files:
        for each in blocks:
            files.take(each)
    names = [path.name for path in files.paths]
    assert names == ["vocals.flac", "drums.flac", "bass.flac", "other.flac"]
    assert sorted(path.name for path in (tmp_path / "stems").iterdir()) == sorted(names)
    for number, path in enumerate(files.paths):
        samples, rate = soundfile.read(path, dtype="float32")
        expected = np.concatenate([each.stems[number] for each in blocks])
        assert rate == RATE
        np.testing.assert_allclose(samples, expected, atol=2**-23)
    assert files.clipped_share == 0.0


def test_what_exceeds_full_scale_is_held_and_counted(tmp_path):
    loud = block(100)
    loud.stems[2, :10] = 3.0
    with StemFiles(tmp_path, RATE) as files:
        files.take(loud)
    bass, _ = soundfile.read(tmp_path / "bass.flac", dtype="float32")
    assert bass.max() == pytest.approx(1.0, abs=1e-6)
    assert files.clipped_share == pytest.approx(20 / 800)


def test_nothing_is_left_where_separating_fails(tmp_path):
    def fail():
        with StemFiles(tmp_path, RATE) as files:
            files.take(block(100))
            raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []
