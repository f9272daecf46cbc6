"""What pretrained models run on: the accelerator or the processor, and its memory.

Not here: which precision is worth it there (precision).
"""


def choose_device() -> str:
    """Return `cuda` where torch can use one, else `cpu`."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def device_name(device: str) -> str:
    """Name the accelerator, or what the processor can do."""
    import torch

    if device == "cuda":
        return str(torch.cuda.get_device_name())
    return f"cpu {torch.backends.cpu.get_cpu_capability()}"


def is_out_of_memory(wrong: Exception) -> bool:
    """Recognise the ways in which torch says so: CUDA's own type, the CPU's words."""
    import torch

    words = ("out of memory", "can't allocate memory", "not enough memory")
    return isinstance(wrong, (MemoryError, torch.OutOfMemoryError)) or any(
        word in str(wrong).lower() for word in words
    )
