"""One scaled decode against the same three results by separate full decodes."""

import io
from collections.abc import Iterator

import imagehash
import numpy as np
from PIL import Image

from evoke_core.corpus.decode import (
    DecodedPicture,
    decode_picture,
    encode_jpeg,
)
from evoke_core.corpus.facts import measure_facts
from tests.benchmarks.row import Row, abba, compare

_SIZES = {
    "decode_12mp": (4000, 3000),
    "decode_2mp": (1632, 1224),
    "decode_03mp": (640, 480),
}
_CROP_PX = 224


def rows() -> Iterator[Row]:
    """Measure facts, a 512 px thumbnail and an encoder crop of one JPEG."""
    for name, size in _SIZES.items():
        data = photograph(size)
        _once(data)  # the first call warms up
        seconds = abba(
            lambda data=data: _once(data), lambda data=data: _three_times(data)
        )
        yield compare(name, *seconds, f"JPEG of {size[0]} x {size[1]}, one core")


def photograph(size: tuple[int, int]) -> bytes:
    """Make a JPEG with detail at every scale."""
    rng = np.random.default_rng(5)
    picture = np.zeros((size[1], size[0], 3), np.float32)
    for cells in (4, 16, 64, 256):
        grid = rng.random((cells, cells, 3), np.float32)
        layer = Image.fromarray((grid * 255).astype(np.uint8)).resize(size)
        picture += np.asarray(layer, np.float32) / cells**0.5
    buffer = io.BytesIO()
    scaled = (255 * picture / picture.max()).astype(np.uint8)
    Image.fromarray(scaled).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def _once(data: bytes) -> None:
    picture = decode_picture(data)
    measure_facts(data, picture)
    encode_jpeg(picture.rgb, longest_px=512)
    Image.fromarray(picture.rgb).resize((_CROP_PX, _CROP_PX))


def _three_times(data: bytes) -> None:
    """Take facts, thumbnail and crop from a full decode each."""
    whole = Image.open(io.BytesIO(data)).convert("RGB")
    imagehash.phash(whole)
    small = whole.copy()
    small.thumbnail((512, 512), Image.Resampling.LANCZOS)
    measured = DecodedPicture(np.asarray(small), *whole.size, None)
    measure_facts(data, measured)
    thumbnail = Image.open(io.BytesIO(data)).convert("RGB")
    thumbnail.thumbnail((512, 512), Image.Resampling.LANCZOS)
    thumbnail.save(io.BytesIO(), "JPEG", quality=82)
    crop = Image.open(io.BytesIO(data)).convert("RGB")
    crop.resize((_CROP_PX, _CROP_PX), Image.Resampling.BICUBIC)
