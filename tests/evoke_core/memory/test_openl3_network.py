import numpy as np
import pytest

from evoke_core.memory.openl3_network import (
    build_network,
    pool_patches,
    tensor_shapes,
)


def test_the_published_network_has_its_published_size():
    learned = [
        shape
        for name, shape in tensor_shapes().items()
        if not name.split(".")[1].startswith("running")
    ]
    convolutions = [shape for shape in learned if len(shape) == 4]
    biases = sum(shape[0] for shape in convolutions)
    count = sum(int(np.prod(shape)) for shape in convolutions) + biases
    assert len(convolutions) == 8
    assert count == 4_684_224


def test_the_network_computes_with_the_named_tensors():
    named = {
        name: tuple(tensor.shape)
        for name, tensor in build_network().state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    assert named == tensor_shapes()


@pytest.mark.parametrize(
    ("input_repr", "patches", "size"),
    [
        ("mel256", 1, 512),
        ("mel256", 12, 6144),
        ("mel128", 1, 512),
        ("mel128", 12, 6144),
    ],
)
def test_embeddings_have_their_published_lengths(input_repr, patches, size):
    import torch

    bands = {"mel256": 256, "mel128": 128}[input_repr]
    narrow = build_network((2, 2, 2, 2, 2, 2, 2, 512))
    with torch.inference_mode():
        maps = narrow(torch.zeros(1, 1, bands, 199))
    assert maps.shape == (1, 512, bands // 8, 24)
    assert pool_patches(maps, input_repr, patches).shape == (1, size)


def test_patches_are_laid_out_as_keras_flattens_them():
    import torch

    maps = torch.zeros(1, 2, 32, 24)
    maps[0, 1, 9, 17] = 5.0  # band patch 1 of 4, time patch 2 of 3, map 1 of 2
    pooled = pool_patches(maps, "mel256", 12)[0]
    assert pooled.shape == (24,)
    assert int(pooled.argmax()) == (1 * 3 + 2) * 2 + 1


def test_one_patch_is_the_maximum_of_each_map():
    import torch

    maps = torch.randn(2, 3, 16, 24, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(
        pool_patches(maps, "mel128", 1), maps.amax(dim=(2, 3)), rtol=0, atol=0
    )
