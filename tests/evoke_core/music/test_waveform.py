import numpy as np

from evoke_core.music.waveform import WaveformWriter, blocks, release
from tests.peak import peak_bytes


def written(*parts):
    writer = WaveformWriter()
    for part in parts:
        writer.write(np.asarray(part, np.float32))
    return writer.finish()


def test_blocks_come_back_as_one_array_in_order():
    np.testing.assert_array_equal(written([1, 2], [], [3]), [1, 2, 3])


def test_nothing_written_is_an_empty_array():
    assert written().shape == (0,)


def test_changes_survive_being_released():
    samples = written(np.arange(100_000))
    for block in blocks(samples, 1000):
        block *= 2  # noqa: PLW2901
    np.testing.assert_array_equal(samples, 2 * np.arange(100_000))


def test_release_leaves_ordinary_arrays_alone():
    samples = np.arange(5, dtype=np.float32)
    release(samples[1:3])
    np.testing.assert_array_equal(samples, [0, 1, 2, 3, 4])


def test_blocks_cover_the_waveform_once():
    assert [len(block) for block in blocks(written(range(7)), 3)] == [3, 3, 1]


def test_a_look_over_all_blocks_holds_few_of_them():
    writer = WaveformWriter()
    for _ in range(100):
        writer.write(np.ones(1 << 20, np.float32))  # 400 MiB in all
    samples = writer.finish()
    before = peak_bytes()
    assert sum(float(block.sum()) for block in blocks(samples)) == 100 << 20
    assert peak_bytes() - before < 100 << 20
