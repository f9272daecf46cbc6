"""The samples of a song, kept on disk so that memory holds only what is looked at.

A song of an hour is 350 MB of float32. `WaveformWriter` spools it into a temporary file
without a name and hands it over as an ordinary array, mapped; whoever reads it does so
in blocks and lets go of each with `release`. The file goes with the array.

Not here: where samples come from (readers, decode), what they mean (spectra).
"""

import mmap
import tempfile
import weakref
from collections.abc import Iterator

import numpy as np

from evoke_core.vectors import Array

BLOCK = 1 << 20  # samples that are looked at together, 4 MiB


class WaveformWriter:
    """Collects blocks of samples on disk.

    The folder for temporary files (TMPDIR) should be a disk: where it lies in memory,
    so does the song.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (lives with the writer)
        weakref.finalize(self, self._file.close)  # a refused song never finishes
        self.count = 0

    def write(self, block: Array) -> None:
        """Append float32[N]."""
        self._file.write(np.ascontiguousarray(block, np.float32).data)
        self.count += len(block)

    def finish(self) -> Array:
        """Hand over float32[count], writable; the writer is done with."""
        with self._file as file:
            if not self.count:
                return np.empty(0, np.float32)
            file.flush()
            mapping = mmap.mmap(file.fileno(), 4 * self.count)
        return np.frombuffer(mapping, np.float32)


def release(samples: Array) -> None:
    """Let go of the memory behind a mapped waveform; it is read again when needed.

    Nothing happens to an array that is no mapped file. Its values never change.
    """
    owner: object = samples
    while isinstance(owner, (np.ndarray, memoryview)):
        owner = owner.base if isinstance(owner, np.ndarray) else owner.obj
    if isinstance(owner, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        # The mapping is shared: what was written has gone to the file's pages.
        owner.madvise(mmap.MADV_DONTNEED)


def blocks(samples: Array, size: int = BLOCK) -> Iterator[Array]:
    """Yield a waveform in order as views of at most size samples, releasing each."""
    for start in range(0, len(samples), size):
        yield samples[start : start + size]
        release(samples)
