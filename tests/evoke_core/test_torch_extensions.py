"""torchvision and torchaudio are mended where they don't load, and only there."""

import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest

from evoke_core import torch_extensions
from evoke_core.torch_extensions import mend_torch_extensions

HAS_BOTH = find_spec("torchvision") is not None and find_spec("torchaudio") is not None


@pytest.fixture
def mends(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What was mended, instead of mending; a process may mend only once."""
    done: list[str] = []

    def mend(name: str) -> bool:
        done.append(name)
        return True

    monkeypatch.setattr(
        torch_extensions, "_declare_operators", lambda: mend("torchvision")
    )
    monkeypatch.setattr(
        torch_extensions, "_stand_in_for_extension", lambda: mend("torchaudio")
    )
    mend_torch_extensions.cache_clear()
    yield done
    mend_torch_extensions.cache_clear()


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both libraries as if installed, each with one compiled file."""
    for name, library in (
        ("torchvision", "_C.so"),
        ("torchaudio", "lib/_torchaudio.abi3.so"),
    ):
        path = tmp_path / name / library
        path.parent.mkdir(parents=True)
        path.touch()
        monkeypatch.delitem(sys.modules, name, raising=False)

    def find(name: str) -> SimpleNamespace:
        return SimpleNamespace(origin=str(tmp_path / name / "__init__.py"))

    monkeypatch.setattr(torch_extensions, "find_spec", find)


def loading(monkeypatch: pytest.MonkeyPatch, *broken: str) -> list[str]:
    """Let torch load compiled files, but for those whose path names a broken one."""
    import torch

    asked: list[str] = []

    def load(path: str) -> None:
        asked.append(path)
        if any(name in Path(path).parts for name in broken):
            raise OSError("libtorch_cuda.so: cannot open shared object file")

    monkeypatch.setattr(torch.ops, "load_library", load)
    return asked


@pytest.mark.usefixtures("packages")
def test_where_the_libraries_load_nothing_is_done(
    mends: list[str], monkeypatch: pytest.MonkeyPatch
):
    asked = loading(monkeypatch)

    assert mend_torch_extensions() == ()
    assert mends == []
    assert len(asked) == 2


@pytest.mark.usefixtures("packages")
@pytest.mark.parametrize(
    "broken",
    [("torchvision",), ("torchaudio",), ("torchvision", "torchaudio")],
)
def test_each_library_that_does_not_load_is_mended_and_named(
    mends: list[str], monkeypatch: pytest.MonkeyPatch, broken: tuple[str, ...]
):
    loading(monkeypatch, *broken)

    assert mend_torch_extensions() == broken
    assert mends == list(broken)


@pytest.mark.usefixtures("packages")
def test_a_second_call_does_nothing(mends: list[str], monkeypatch: pytest.MonkeyPatch):
    asked = loading(monkeypatch, "torchvision")

    first = mend_torch_extensions()

    assert mend_torch_extensions() == first
    assert mends == ["torchvision"]
    assert len(asked) == 2


@pytest.mark.usefixtures("packages")
def test_a_library_that_is_imported_already_is_left_alone(
    mends: list[str], monkeypatch: pytest.MonkeyPatch
):
    loading(monkeypatch, "torchvision")
    monkeypatch.setitem(sys.modules, "torchvision", SimpleNamespace())

    assert mend_torch_extensions() == ()


def test_a_library_that_is_not_installed_needs_no_mending(
    mends: list[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(torch_extensions, "find_spec", lambda _: None)

    assert mend_torch_extensions() == ()


@pytest.mark.skipif(not HAS_BOTH, reason="torchvision and torchaudio are extras")
def test_after_it_both_libraries_are_imported_whatever_this_torch_is():
    program = (
        "from evoke_core.torch_extensions import mend_torch_extensions;"
        "mended = mend_torch_extensions();"
        "import torchvision, torchaudio;"
        "from torchvision.transforms import Resize;"
        "from torchaudio.transforms import MelSpectrogram;"
        "assert mended in ((), ('torchvision',), ('torchaudio',),"
        " ('torchvision', 'torchaudio'))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
