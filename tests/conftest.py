"""What more than one test file needs: a store, tiny pictures, a folder of real ones."""

import io
import json
import os
import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from PIL import Image

from evoke_core.storage.local import LocalStore
from evoke_core.torch_extensions import mend_torch_extensions
from tests.aws import empty, environment_of, served_aws

# A busy machine is no fault of the code: time is judged by the benchmarks alone. The
# same examples are tried at every run, so that a failure is that of a change;
# `make proof` draws others by `--hypothesis-profile anew`.
_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("anew", _PATIENT)
settings.register_profile("evoke", _PATIENT, derandomize=True, database=None)
settings.load_profile("evoke")

# Files that take minutes, among them those of slow tests, come first: last, they would
# keep one core waiting.
_LONG = (
    "test_faults.py", "test_graph.py", "test_together.py", "test_hostile_songs.py",
    "test_races.py", "test_remember_long.py",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest; forgive playwright what it says at its end."""
    items.sort(key=lambda item: item.path.name not in _LONG)
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.filterwarnings("ignore"))


JpegMaker = Callable[..., bytes]
_QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip


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


@pytest.fixture(scope="module")
def _aws_address() -> Iterator[str]:
    with served_aws() as address:
        yield address


@pytest.fixture
def aws(_aws_address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of S3 and SQS, both empty; the environment leads boto3 there."""
    for name, value in environment_of(_aws_address).items():
        monkeypatch.setenv(name, value)
    empty(_aws_address)
    return _aws_address


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium that talks to nobody; tests of a page open theirs in it."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("there is no chromium on this machine")
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed"
    )
    with playwright.sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=chromium, args=_QUIET)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def save_muq() -> Callable[..., None]:
    """Save a tiny MuQ of 32 dimensions as its library saves the large one."""
    return _save_muq


@pytest.fixture(scope="session")
def save_clip() -> Callable[[Path], None]:
    """Save a tiny OpenCLIP of 16 dimensions into a folder, as the hub lays it out."""
    return _save_clip


def _conformer(layers: int) -> dict[str, object]:
    from transformers import Wav2Vec2ConformerConfig

    settings = Wav2Vec2ConformerConfig(
        hidden_size=32,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=64,
        hidden_act="swish",
        position_embeddings_type="rotary",
        conv_depthwise_kernel_size=7,
    ).to_dict()
    for name in ("id2label", "label2id"):  # muq's configuration does not survive them
        settings.pop(name)
    return settings


def _save_muq(folder: Path, *, seed: int = 0) -> None:
    if find_spec("muq") is None:
        pytest.skip("muq is not installed (extra muq)")
    mend_torch_extensions()
    import torch
    from muq import MuQ, MuQConfig

    torch.manual_seed(seed)
    config = MuQConfig(
        encoder_dim=32,
        encoder_depth=2,
        conv_dim=8,
        codebook_size=16,
        stat={"melspec_2048_mean": 6.8, "melspec_2048_std": 18.4},
        w2v2_config=_conformer(2),
    )
    MuQ(config).save_pretrained(folder)


def _save_clip(folder: Path) -> None:
    if find_spec("open_clip") is None:
        pytest.skip("open_clip is not installed (extra clip)")
    mend_torch_extensions()
    import torch
    from open_clip import CLIP
    from safetensors.torch import save_file

    torch.manual_seed(5)
    layers = {"layers": 2, "width": 32}
    model = {
        "embed_dim": 16,
        "vision_cfg": layers | {"image_size": 64, "head_width": 16, "patch_size": 16},
        "text_cfg": layers | {"context_length": 77, "vocab_size": 49408, "heads": 2},
    }
    folder.mkdir(parents=True)
    state = CLIP(**model).state_dict()
    plain = {name: tensor.contiguous() for name, tensor in state.items()}
    save_file(plain, folder / "open_clip_model.safetensors")
    described = {"model_cfg": model, "preprocess_cfg": {"resize_mode": "shortest"}}
    (folder / "open_clip_config.json").write_text(json.dumps(described))
