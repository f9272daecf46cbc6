import copy
from importlib.util import find_spec

import numpy as np
import pytest

from evoke_core.music.muq import load_muq
from evoke_core.music.precision import stated_sound
from evoke_core.precision import agreement

pytestmark = pytest.mark.skipif(
    find_spec("muq") is None, reason="muq is not installed (extra muq)"
)


@pytest.fixture(scope="module")
def plain(tiny_muq):
    """The library's model, with batch norms that do something."""
    import torch

    model = load_muq(tiny_muq / "muq" / "tiny-muq")
    torch.manual_seed(3)
    for module in model.modules():
        if isinstance(module, (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d)):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, 0, 0.1)
    return model


@pytest.fixture(scope="module")
def waves():
    import torch

    return torch.from_numpy(stated_sound(1, seconds=2))


@pytest.fixture
def recast_to(plain, waves):
    """Return a function that gives a model of the same weights at a precision."""
    from evoke_core.music.arithmetic import recast

    def make(precision):
        model = copy.deepcopy(plain)
        recast(model, precision, waves)
        return model

    return make


def features(model, waves):
    import torch

    with torch.inference_mode():
        return model(waves).last_hidden_state.numpy()


def test_folded_batch_norms_change_nothing(plain, recast_to, waves):
    folded = features(recast_to("fp32"), waves)
    np.testing.assert_allclose(folded, features(plain, waves), atol=2e-5)


@pytest.mark.parametrize(("precision", "least"), [("bf16", 0.999), ("int8", 0.99)])
def test_fewer_bits_hear_the_same_and_the_same_differences(
    plain, recast_to, waves, precision, least
):
    found = features(recast_to(precision), waves).mean(axis=1)
    expected = features(plain, waves).mean(axis=1)
    assert min(agreement(found, expected)) >= least


@pytest.mark.parametrize("precision", ["bf16", "int8"])
def test_fewer_bits_do_change_the_numbers(plain, recast_to, waves, precision):
    found, expected = (features(each, waves) for each in (recast_to(precision), plain))
    assert np.abs(found - expected).max() > 1e-4


@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
def test_company_in_a_batch_changes_nothing(recast_to, waves, precision):
    model = recast_to(precision)
    together = features(model, waves)[1:2]
    alone = features(model, waves[1:2])
    np.testing.assert_allclose(together, alone, atol=0.02)
    assert np.abs(together - alone).mean() < 2e-3


@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
def test_every_hidden_state_is_float32_and_of_the_library_s_shape(
    plain, recast_to, waves, precision
):
    import torch

    with torch.inference_mode():
        found, expected = recast_to(precision)(waves), plain(waves)
    assert {each.dtype for each in found.hidden_states} == {torch.float32}
    assert [each.shape for each in found.hidden_states] == [
        each.shape for each in expected.hidden_states
    ]


def test_louder_than_any_stated_sound_saturates_and_stays_finite(recast_to, waves):
    assert np.isfinite(features(recast_to("int8"), 100 * waves)).all()


def test_the_library_s_classes_are_left_alone(plain, recast_to, waves):
    before = features(plain, waves)
    recast_to("int8")
    np.testing.assert_array_equal(features(plain, waves), before)


def test_an_int8_product_is_exact_on_whole_numbers():
    import torch

    from evoke_core.music.arithmetic import _Int8Linear

    weight = torch.tensor([[127.0, -3.0], [2.0, 127.0]])
    linear = _Int8Linear(weight, torch.tensor([0.5, 0.0]))
    values = torch.tensor([[[127.0, 4.0], [0.0, 254.0]]])
    expected = values @ weight.T + torch.tensor([0.5, 0.0])
    np.testing.assert_allclose(linear(values), expected, rtol=1e-6)


def test_a_silent_frame_is_its_bias():
    import torch

    from evoke_core.music.arithmetic import _Int8Linear

    linear = _Int8Linear(torch.ones(3, 2), torch.arange(3.0))
    np.testing.assert_array_equal(linear(torch.zeros(1, 1, 2))[0, 0], [0, 1, 2])
