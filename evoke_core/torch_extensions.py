"""Lets torchvision and torchaudio be imported beside a torch of another build.

Their published wheels link to CUDA's torch and don't import beside a CPU-only one. The
encoders use only their Python parts, so that what the missing libraries would have
registered is declared instead. With matching builds nothing is done.

Called by the encoder modules before their first import of either library.
"""

import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

# What torchvision's own Python files look up while they are imported.
_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


@cache
def mend_torch_extensions() -> tuple[str, ...]:
    """Make both importable; once a process.

    Returns:
        The names of those that had to be mended, for the log.
    """
    return tuple(
        name
        for name, pattern, mend in (
            ("torchvision", "_C*.so", _declare_operators),
            ("torchaudio", "lib/_torchaudio*.so", _stand_in_for_extension),
        )
        if _is_broken(name, pattern) and mend()
    )


def _is_broken(package: str, pattern: str) -> bool:
    """Say whether a package is there and its compiled library can't be loaded."""
    import torch

    found = find_spec(package)
    if found is None or found.origin is None or package in sys.modules:
        return False
    for library in sorted(Path(found.origin).parent.glob(pattern)):
        try:
            torch.ops.load_library(str(library))  # type: ignore[no-untyped-call]
        except OSError:
            return True
    return False


def _declare_operators() -> bool:
    import torch

    library = torch.library.Library(  # type: ignore[no-untyped-call]
        "torchvision", "DEF"
    )
    for schema in _SCHEMAS:
        library.define(schema)  # type: ignore[no-untyped-call]
    _KEPT.append(library)  # what it declares goes when it does
    return True


def _stand_in_for_extension() -> bool:
    def unavailable(*_: object, **__: object) -> None:
        raise ImportError(
            "torchaudio's compiled part doesn't fit this build of torch; "
            "install both from one index"
        )

    stand_in = ModuleType("torchaudio._extension")
    vars(stand_in).update(
        _IS_TORCHAUDIO_EXT_AVAILABLE=False,
        _IS_ALIGN_AVAILABLE=False,
        fail_if_no_align=lambda function: function,
        _check_cuda_version=lambda: None,
        lazy_import_sox_ext=unavailable,
    )
    sys.modules["torchaudio._extension"] = stand_in
    return True


_KEPT: list[object] = []
