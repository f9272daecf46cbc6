"""A song's stems as FLAC files, written while they are separated.

A store takes a file in one piece, so a long song's stems come in parts of ten minutes:
`vocals.flac`, then `vocals-2.flac` and on. The four files of a part are handed over
together, when the part is full or the song ends; where anything fails, no unfinished
one is left. They are for the private store alone.

Not here: separating (stems), where the files are kept.
"""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from evoke_core.memory.demucs_model import STEMS
from evoke_core.memory.stems import StemBlock

PART_S = 600  # 50 MB of a stem


def stem_names(duration_s: float) -> tuple[str, ...]:
    """Name the files of a song's stems, part after part, in the order of STEMS."""
    parts = max(1, int(np.ceil(duration_s / PART_S)))
    return tuple(name for part in range(parts) for name in _names(part))


class StemFiles:
    """Writes `<stem>.flac` for each of STEMS, 24 bits, two channels.

    A context manager; its `take` gets the blocks in order. What exceeds full scale is
    held there.

    Args:
        folder: Where the files lie until they are handed over; made where there is
            none.
        sample_rate: Hz of the blocks.
        keep: Called with each finished file, which is deleted after; without it they
            stay where they are.
    """

    def __init__(
        self,
        folder: Path,
        sample_rate: int,
        keep: Callable[[Path], None] | None = None,
    ) -> None:
        self._folder, self._rate, self._keep = folder, sample_rate, keep
        self._opened = ExitStack()
        self._files: list[Any] = []
        self._part = self._written = 0

    def __enter__(self) -> "StemFiles":
        self._folder.mkdir(parents=True, exist_ok=True)
        self._open()
        return self

    def take(self, block: StemBlock) -> None:
        """Append one block to each of the four files."""
        start, samples = 0, block.stems.shape[1]
        while start < samples:
            if self._written == PART_S * self._rate:
                self._hand_over()
                self._part, self._written = self._part + 1, 0
                self._open()
            stop = min(samples, start + PART_S * self._rate - self._written)
            for file, stem in zip(self._files, block.stems, strict=True):
                file.write(np.clip(stem[start:stop], -1.0, 1.0))
            self._written += stop - start
            start = stop

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._hand_over()
            return
        self._opened.close()
        for path in self._paths():
            path.unlink(missing_ok=True)

    def _open(self) -> None:
        import soundfile

        self._files = [
            self._opened.enter_context(
                soundfile.SoundFile(path, "w", self._rate, 2, "PCM_24", format="FLAC")
            )
            for path in self._paths()
        ]

    def _hand_over(self) -> None:
        self._opened.close()
        if self._keep is None:
            return
        for path in self._paths():
            self._keep(path)
            path.unlink(missing_ok=True)

    def _paths(self) -> list[Path]:
        return [self._folder / name for name in _names(self._part)]


def _names(part: int) -> tuple[str, ...]:
    ending = f"-{part + 1}" if part else ""
    return tuple(f"{stem}{ending}.flac" for stem in STEMS)
