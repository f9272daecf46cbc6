"""A folder of generated pictures, as many as wanted, for runs at scale.

Each is a smooth field of its own, so that no two hashes are near; a few are copies of
others, byte by byte or saved again, so that there is something to find. Their looks are
nothing to learn from.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image

from evoke_core.workers import count_cores

_SIDES = ((320, 240), (240, 320), (288, 288))
_A_FOLDER = 1000
EXACT_EVERY = 200  # one in so many is a byte for byte copy of the one before
NEAR_EVERY = 100  # one in so many is the one before, saved smaller


def generate(folder: Path, count: int, *, start: int = 0) -> None:
    """Write pictures number start to start + count - 1; the same bytes each time."""
    numbers = range(start, start + count)
    for number in range(start // _A_FOLDER, (start + count) // _A_FOLDER + 1):
        (folder / f"{number:05}").mkdir(parents=True, exist_ok=True)
    work = partial(_write, folder)
    with ProcessPoolExecutor(count_cores(), mp_context=get_context("spawn")) as pool:
        for _ in pool.map(work, numbers, chunksize=100):
            pass


def _write(folder: Path, number: int) -> None:
    path = folder / f"{number // _A_FOLDER:05}" / f"{number:07}.jpg"
    if number % EXACT_EVERY == 7:
        _picture(number - 1).save(path, "JPEG", quality=88)
    elif number % NEAR_EVERY == 3:
        copy = _picture(number - 1)
        copy.thumbnail((220, 220), Image.Resampling.LANCZOS)
        copy.save(path, "JPEG", quality=80)
    else:
        _picture(number).save(path, "JPEG", quality=88)


def _picture(number: int) -> Image.Image:
    rng = np.random.default_rng(number)
    size = _SIDES[number % len(_SIDES)]
    coarse = rng.integers(0, 256, (9, 9, 3), dtype=np.uint8)
    field = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
    grain = rng.normal(0, rng.uniform(1, 6), (size[1], size[0], 1)).astype(np.float32)
    return Image.fromarray(np.clip(np.asarray(field) + grain, 0, 255).astype(np.uint8))


if __name__ == "__main__":
    generate(Path(sys.argv[1]), int(sys.argv[2]))
