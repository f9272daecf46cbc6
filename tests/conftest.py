"""What more than one test file needs: a store, tiny pictures, a folder of real ones."""

import io
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from PIL import Image

from evoke_core.storage.local import LocalStore

# A busy machine is no fault of the code: time is judged by the benchmarks alone.
settings.register_profile(
    "evoke", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("evoke")

JpegMaker = Callable[..., bytes]


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    """An empty store on disk; its folder is made by the first write."""
    return LocalStore(tmp_path / "store")


@pytest.fixture
def assets_config() -> Path:
    """The folder of configuration that ships."""
    return Path(__file__).parents[1] / "assets_config"


@pytest.fixture
def jpeg() -> JpegMaker:
    """Make a small JPEG of smooth colours; another seed is another picture."""

    def make(seed: int = 0, *, width: int = 96, height: int = 72) -> bytes:
        coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
        image = Image.fromarray(coarse).resize(
            (width, height), Image.Resampling.BICUBIC
        )
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=90)
        return buffer.getvalue()

    return make


@pytest.fixture
def shared() -> Path:
    """The rated research collections, which lie beside the checkout or not at all."""
    beside = Path(__file__).parents[2] / "shared"
    folder = Path(os.environ.get("EVOKE_SHARED", beside))
    if not (folder / "data").is_dir():
        pytest.skip("no research collections; EVOKE_SHARED names their folder")
    return folder
