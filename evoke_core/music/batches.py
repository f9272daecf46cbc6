"""What pretrained music encoders share: batches that fit, checkpoints that are whole.

Not here: any model (muq, mulan).
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from evoke_core.devices import is_out_of_memory
from evoke_core.errors import ConfigError
from evoke_core.vectors import Array

if TYPE_CHECKING:
    import torch

WEIGHTS_FILE = "model.safetensors"
CONFIG_FILE = "config.json"

_Item = TypeVar("_Item")
_LOG = logging.getLogger(__name__)
_FETCH = "fetch the weights again with 'make models PROFILE=<yours>'"


def in_batches(
    work: Callable[[Sequence[_Item]], Array],
    items: Sequence[_Item],
    *,
    size: int,
) -> Iterator[Array]:
    """Apply work to batches of items, in order; where memory ends, to half as many.

    Args:
        work: Returns one row per item.
        items: Any number.
        size: Most items at once, >= 1.
    """
    done = 0
    while done < len(items):
        some = items[done : done + size]
        try:
            results = work(some)
        except (MemoryError, RuntimeError) as error:
            if len(some) == 1 or not is_out_of_memory(error):
                raise
            size = len(some) // 2
            _LOG.warning(
                "out of memory with %d clips; going on with %d", 2 * size, size
            )
            continue
        yield from results
        done += len(some)


def library_version(name: str) -> str:
    """Return an installed library's version; "absent" where there is none."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def require_checkpoint(
    model: "torch.nn.Module", file: Path, *, unused: tuple[str, ...] = ()
) -> None:
    """Check that a safetensors file holds everything that a model computes with.

    The libraries load what fits and leave the rest at random, which can't be seen in
    the vectors; this says it.

    Args:
        model: As its configuration builds it.
        file: Weights that it was, or will be, loaded from.
        unused: Beginnings of names that inference does not read.

    Raises:
        ConfigError: The file is missing, damaged, or of another model.
    """
    shapes = checkpoint_shapes(file)
    wanted: Mapping[str, Any] = model.state_dict()
    for name, tensor in wanted.items():
        if name.startswith(unused):
            continue
        found = shapes.get(name)
        if found is None or found != tuple(tensor.shape):
            got = "it is not there" if found is None else f"it is {found}"
            raise ConfigError(
                f"{file}: not the weights of this model: {name} should be "
                f"{tuple(tensor.shape)}, {got}; {_FETCH}"
            )


def checkpoint_shapes(file: Path) -> dict[str, tuple[int, ...]]:
    """Return the shape of every tensor of a safetensors file, by name.

    Raises:
        ConfigError: The file is missing or damaged.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(file), framework="pt") as opened:
            return {
                name: tuple(opened.get_slice(name).get_shape())
                for name in opened.keys()  # noqa: SIM118 (it is no mapping)
            }
    except (SafetensorError, OSError) as error:
        raise ConfigError(
            f"{file}: no whole safetensors file ({error}); {_FETCH}"
        ) from error
