"""A lack of memory is told from every other failure, whichever device said it."""

import pytest
import torch

from evoke_core.devices import device_name, is_out_of_memory


@pytest.mark.parametrize(
    "wrong",
    [
        MemoryError(),
        torch.OutOfMemoryError("tried to allocate 2 GiB"),
        RuntimeError("CUDA out of memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("DefaultCPUAllocator: not enough memory"),
    ],
)
def test_a_lack_of_memory_is_recognised(wrong: Exception):
    assert is_out_of_memory(wrong)


def test_other_failures_are_none():
    assert not is_out_of_memory(RuntimeError("shapes can't be multiplied"))


def test_a_processor_is_named_by_what_it_can_do():
    assert device_name("cpu").startswith("cpu ")
