"""A song's stems as FLAC files, written while they are separated.

The four files appear together when the last block is in; where anything fails before,
none does. They are for the private store alone.

Not here: separating (stems), where the files are kept.
"""

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from evoke_core.memory.demucs_model import STEMS
from evoke_core.memory.stems import StemBlock


class StemFiles:
    """Writes `<stem>.flac` for each of STEMS, 24 bits, two channels.

    A context manager; its `take` gets the blocks in order. What exceeds full scale is
    held there and counted.

    Args:
        folder: Where the files will lie; made where there is none.
        sample_rate: Hz of the blocks.
    """

    def __init__(self, folder: Path, sample_rate: int) -> None:
        self.paths = tuple(folder / f"{stem}.flac" for stem in STEMS)
        self._rate = sample_rate
        self._opened = ExitStack()
        self._files: list[Any] = []
        self._over = self._count = 0

    @property
    def clipped_share(self) -> float:
        """Share of all samples that exceeded full scale."""
        return self._over / max(1, self._count)

    def __enter__(self) -> "StemFiles":
        import soundfile

        self.paths[0].parent.mkdir(parents=True, exist_ok=True)
        for path in self.paths:
            file = soundfile.SoundFile(
                _unfinished(path), "w", self._rate, 2, "PCM_24", format="FLAC"
            )
            self._files.append(self._opened.enter_context(file))
        return self

    def take(self, block: StemBlock) -> None:
        """Append one block to each of the four files."""
        self._over += int((np.abs(block.stems) > 1.0).sum())
        self._count += block.stems.size
        for file, stem in zip(self._files, block.stems, strict=True):
            file.write(np.clip(stem, -1.0, 1.0))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opened.close()
        for path in self.paths:
            if kind is None:
                _unfinished(path).replace(path)
            else:
                _unfinished(path).unlink(missing_ok=True)


def _unfinished(path: Path) -> Path:
    return path.with_name(f"{path.name}.unfinished")
