"""What all layers promise: shapes, dtypes, modes, gradients that add up, and inputs left alone."""

import re

import numpy as np
import pytest
import torch

from cnnlab import nn

# Every layer, built with a generator and a dtype where it has parameters, and an image for it.
LAYERS = {
    "Conv2d": (lambda **kw: nn.Conv2d(2, 3, (3, 2), 2, 1, **kw), (2, 6, 5)),
    "MaxPool2d": (lambda **_: nn.MaxPool2d(3, 2, 1), (2, 6, 5)),
    "AvgPool2d": (lambda **_: nn.AvgPool2d((3, 2), 2, 1), (2, 6, 5)),
    "LPPool2d": (lambda **_: nn.LPPool2d(2, (3, 2), 2), (2, 6, 5)),
    "AdaptiveAvgPool2d": (lambda **_: nn.AdaptiveAvgPool2d((4, 2)), (2, 6, 5)),
    "AdaptiveMaxPool2d": (lambda **_: nn.AdaptiveMaxPool2d((4, 2)), (2, 6, 5)),
    "BlurPool2d": (lambda **_: nn.BlurPool2d(4, 2), (2, 6, 5)),
    "CircularPad2d": (lambda **_: nn.CircularPad2d((1, 3, 0, 2)), (2, 6, 5)),
    "ReLU": (lambda **_: nn.ReLU(), (2, 6, 5)),
    "Dropout": (lambda rng, **_: nn.Dropout(rng=rng), (2, 6, 5)),
    "Dropout2d": (lambda rng, **_: nn.Dropout2d(rng=rng), (2, 6, 5)),
    "BatchNorm2d": (lambda dtype, **_: nn.BatchNorm2d(2, dtype=dtype), (2, 6, 5)),
    "Flatten": (lambda **_: nn.Flatten(), (2, 6, 5)),
    "Linear": (lambda **kw: nn.Linear(7, 4, **kw), (7,)),
    "Sequential": (
        lambda **kw: nn.Sequential(
            nn.Conv2d(2, 3, 3, **kw),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(6, 4, **kw),
        ),
        (2, 6, 5),
    ),
}
EACH = pytest.mark.parametrize("name", LAYERS)


def build(name, batch=(3,), dtype=np.float64):
    """One layer and an input for it, always the same."""
    rng = np.random.default_rng(0)
    make, shape = LAYERS[name]
    return make(rng=rng, dtype=dtype), rng.standard_normal((*batch, *shape)).astype(dtype)


def numbers_like(y):
    return np.random.default_rng(1).standard_normal(y.shape).astype(y.dtype)


# --- every layer ---------------------------------------------------------------------------------


def test_every_layer_is_in_the_table_above():
    classes = {name for name in nn.__all__ if isinstance(getattr(nn, name), type)}
    layers = {name for name in classes if issubclass(getattr(nn, name), nn.Module)}
    assert LAYERS.keys() == layers - {"Module", "CrossEntropyLoss"}


@EACH
def test_forward_and_backward_change_neither_input_nor_output_nor_gradient(name):
    layer, x = build(name)
    before_x = x.copy()
    y = layer(x)
    before_y = y.copy()
    g = numbers_like(y)
    before_g = g.copy()
    layer.backward(g)
    np.testing.assert_array_equal(x, before_x)
    np.testing.assert_array_equal(y, before_y)
    np.testing.assert_array_equal(g, before_g)


@EACH
def test_writing_into_the_output_changes_nothing_about_the_way_back(name):
    (layer, x), (spoilt, same) = build(name), build(name)
    y, spoilt_y = layer(x), spoilt(same.copy())
    g = numbers_like(y)
    spoilt_y[...] = -1
    np.testing.assert_array_equal(spoilt.backward(g), layer.backward(g))
    for ours, theirs in zip(spoilt.parameters(), layer.parameters(), strict=True):
        np.testing.assert_array_equal(ours.grad, theirs.grad)


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        *((name, lambda x: x + 0j) for name in LAYERS if name != "Sequential"),
        *((name, lambda x: x.astype(np.float32)) for name in ("Conv2d", "Linear", "BatchNorm2d")),
    ],
)
def test_a_forward_pass_that_fails_leaves_the_last_one_in_place(name, spoil):
    layer, x = build(name)
    g = numbers_like(layer(x))
    expected = layer.backward(g)
    with pytest.raises(TypeError):
        layer(spoil(x))
    np.testing.assert_array_equal(layer.backward(g), expected)


@pytest.mark.parametrize(
    "name", [n for n in LAYERS if n.endswith(("Pool2d", "Pad2d"))] + ["ReLU", "Flatten"]
)
def test_the_gradient_of_whole_numbers_is_not_rounded_to_one(name):
    layer, x = build(name)
    y = layer((10 * x).astype(int))
    grad = layer.backward(np.full(y.shape, 0.5))
    assert grad.dtype == np.float64
    assert not np.array_equal(grad, grad.astype(int))


@EACH
def test_arrays_that_must_not_be_written_to_are_welcome(name):
    layer, x = build(name)
    x.flags.writeable = False
    g = numbers_like(layer(x))
    g.flags.writeable = False
    assert layer.backward(g).shape == x.shape


@EACH
def test_arrays_in_another_memory_order_give_the_same_numbers(name):
    (first, x), (layer, _) = build(name), build(name)
    y = first(x)
    g = numbers_like(y)
    grad = first.backward(g)
    np.testing.assert_allclose(layer(np.asfortranarray(x)), y, rtol=1e-12)
    np.testing.assert_allclose(layer.backward(np.asfortranarray(g)), grad, rtol=1e-12, atol=1e-15)
    for p, q in zip(layer.parameters(), first.parameters(), strict=True):
        np.testing.assert_allclose(p.grad, q.grad, rtol=1e-12, atol=1e-15)


@EACH
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_of_the_input_is_kept_on_both_ways(name, dtype):
    layer, x = build(name, dtype=dtype)
    y = layer(x)
    assert y.dtype == dtype
    assert layer.backward(numbers_like(y)).dtype == dtype
    assert all(p.data.dtype == p.grad.dtype == dtype for p in layer.parameters())


@EACH
def test_backward_twice_doubles_the_gradients_of_the_parameters(name):
    layer, x = build(name)
    g = numbers_like(layer(x))
    first = layer.backward(g)
    once = {key: p.grad.copy() for key, p in layer.named_parameters()}
    second = layer.backward(g)
    np.testing.assert_array_equal(first, second)
    for key, p in layer.named_parameters():
        assert np.any(once[key])
        np.testing.assert_array_equal(p.grad, 2 * once[key])


@EACH
def test_zero_grad_forgets_the_gradients(name):
    layer, x = build(name)
    layer.backward(numbers_like(layer(x)))
    layer.zero_grad()
    assert not any(np.any(p.grad) for p in layer.parameters())


@EACH
def test_output_shape_is_the_shape_that_comes_out(name):
    layer, x = build(name)
    assert (3, *layer.output_shape(x.shape[1:])) == layer(x).shape


@EACH
def test_an_empty_batch_passes_both_ways(name):
    layer, x = build(name, batch=(0,))
    y = layer(x)
    assert y.shape == (0, *layer.output_shape(x.shape[1:]))
    assert layer.backward(y).shape == x.shape
    assert not any(np.any(p.grad) for p in layer.parameters())


NOT_ALONE = ("Flatten", "Sequential", "Dropout", "Dropout2d", "BatchNorm2d")


@pytest.mark.parametrize("name", [n for n in LAYERS if n not in NOT_ALONE])
def test_one_image_gives_what_it_gives_in_a_batch(name):
    layer, x = build(name)
    y = layer(x)
    g = numbers_like(y)
    grad = layer.backward(g)
    np.testing.assert_allclose(layer(x[1]), y[1], rtol=1e-12)
    np.testing.assert_allclose(layer.backward(g[1]), grad[1], rtol=1e-12)


@EACH
def test_a_gradient_of_another_shape_is_refused_with_both_shapes(name):
    layer, x = build(name)
    y = layer(x)
    with pytest.raises(ValueError, match=r"needed") as caught:
        layer.backward(np.zeros((4, *y.shape)))
    assert str((4, *y.shape)) in str(caught.value)


@EACH
def test_backward_before_forward_says_what_to_call_first(name):
    layer, x = build(name)
    with pytest.raises(RuntimeError, match=r"backward was called before forward.*y = layer\(x\)"):
        layer.backward(x)


@EACH
def test_train_and_eval_reach_every_layer_and_return_the_module(name):
    layer, _ = build(name)
    assert layer.eval() is layer
    assert not layer.training
    assert not any(child.training for _, child in layer.children())
    assert layer.train() is layer
    assert layer.training
    assert all(child.training for _, child in layer.children())


@pytest.mark.parametrize("name", ["Conv2d", "Linear", "Sequential"])
def test_macs_are_the_multiplications_of_the_formula(name):
    """Ones times ones: every multiply-accumulate adds exactly 1."""
    if name == "Sequential":
        layer = nn.Sequential(nn.Conv2d(2, 3, 3), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(6, 4))
        assert layer.macs((2, 6, 5)) == 3 * (4 * 3) * (2 * 9) + 6 * 4
        return
    layer = (
        nn.Conv2d(2, 4, (3, 2), stride=2, groups=2, bias=False)
        if name == "Conv2d"
        else nn.Linear(7, 4, bias=False)
    )
    layer.weight.data[...] = 1
    shape = (2, 6, 5) if name == "Conv2d" else (7,)
    assert layer.macs(shape) == layer(np.ones((1, *shape), dtype=np.float32)).sum()


# --- parameters and state ------------------------------------------------------------------------


def small_network(dtype=np.float32):
    rng = np.random.default_rng(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, rng=rng, dtype=dtype),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 6, 3, bias=False, rng=rng, dtype=dtype),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(6, 10, rng=rng, dtype=dtype),
    )


def small_torch_network():
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(4, 6, 3, bias=False),
        torch.nn.AvgPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(6, 10),
    )


def images(dtype=np.float32):
    return np.random.default_rng(2).random((5, 1, 8, 8)).astype(dtype)


def test_parameters_have_torchs_keys_in_torchs_order():
    ours = [(key, p.shape, p.size) for key, p in small_network().named_parameters()]
    theirs = [
        (key, tuple(p.shape), p.numel()) for key, p in small_torch_network().named_parameters()
    ]
    assert ours == theirs


def test_weights_travel_to_torch_and_give_the_same_scores():
    ours, theirs = small_network(), small_torch_network()
    theirs.load_state_dict({key: torch.tensor(a) for key, a in ours.state_dict().items()})
    y = theirs(torch.tensor(images())).detach().numpy()
    np.testing.assert_allclose(ours(images()), y, rtol=0, atol=1e-6)


def test_weights_travel_from_torch_and_give_the_same_scores():
    ours, theirs = small_network(), small_torch_network()
    ours.load_state_dict(theirs.state_dict())
    y = theirs(torch.tensor(images())).detach().numpy()
    np.testing.assert_allclose(ours(images()), y, rtol=0, atol=1e-6)


def test_weights_come_back_from_torch_unchanged():
    ours, theirs, again = small_network(), small_torch_network(), small_network()
    theirs.load_state_dict({key: torch.tensor(a) for key, a in ours.state_dict().items()})
    for p in again.parameters():
        p.data[...] = 0
    again.load_state_dict(theirs.state_dict())
    for key, a in ours.state_dict().items():
        np.testing.assert_array_equal(again.state_dict()[key], a)


def test_all_gradients_of_a_network_are_those_of_autograd():
    ours, theirs = small_network(np.float64), small_torch_network().double()
    theirs.load_state_dict({key: torch.tensor(a) for key, a in ours.state_dict().items()})
    x, target = images(np.float64), np.array([0, 9, 3, 3, 1])
    criterion = nn.CrossEntropyLoss()
    loss = criterion(ours(x), target)
    grad_input = ours.backward(criterion.backward())
    tensor = torch.tensor(x, requires_grad=True)
    their_loss = torch.nn.functional.cross_entropy(theirs(tensor), torch.tensor(target))
    their_loss.backward()
    np.testing.assert_allclose(loss, their_loss.item(), rtol=1e-9)
    np.testing.assert_allclose(grad_input, tensor.grad, rtol=0, atol=1e-9)
    for (_, mine), his in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(mine.grad, his.grad, rtol=0, atol=1e-9)


def test_a_state_is_a_copy():
    layer = nn.Linear(2, 2)
    state = layer.state_dict()
    before = state["weight"].copy()
    layer.weight.data += 1
    np.testing.assert_array_equal(state["weight"], before)


def test_a_loaded_state_is_copied_in_place():
    layer, other = nn.Linear(2, 2), nn.Linear(2, 2)
    data, state = layer.weight.data, other.state_dict()
    layer.load_state_dict(state)
    assert layer.weight.data is data  # an optimiser or a view still sees it
    assert not np.shares_memory(layer.weight.data, state["weight"])


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda s: s.pop("bias"), "missing keys ['bias'], unknown keys []"),
        (lambda s: s.update(scale=s["bias"]), "missing keys [], unknown keys ['scale']"),
        (lambda s: s.update(bias=s["bias"][:1]), "array 'bias' has shape (1,), needed (3,)"),
        (lambda s: s.update(bias=s["bias"] + 1j), "array 'bias' has dtype complex64, needed real"),
        (lambda s: s.update(bias=["a", "b", "c"]), "array 'bias' has dtype <U1, needed real"),
        (lambda s: s.update(bias=None), "array 'bias' has dtype object, needed real"),
    ],
)
def test_a_state_that_does_not_fit_is_refused_and_changes_nothing(spoil, words):
    layer, state = nn.Linear(2, 3), nn.Linear(2, 3).state_dict()
    before = layer.state_dict()
    spoil(state)
    with pytest.raises((ValueError, TypeError), match=re.escape(words)):
        layer.load_state_dict(state)
    for key, a in layer.state_dict().items():
        np.testing.assert_array_equal(a, before[key])


def test_a_parameter_of_whole_numbers_becomes_float64_and_starts_without_gradient():
    parameter = nn.Parameter(np.array([[1, 2]]))
    assert parameter.data.dtype == parameter.grad.dtype == np.float64
    np.testing.assert_array_equal(parameter.grad, [[0, 0]])
    assert repr(parameter) == "Parameter(shape=(1, 2), dtype=float64)"


def test_a_module_of_ones_own_finds_its_parameters_and_layers():
    class Residual(nn.Module):
        def __init__(self):
            self.scale = nn.Parameter(np.ones(1))
            self.inner = nn.Sequential(nn.Linear(2, 2), nn.ReLU())

    module = Residual()
    keys = [key for key, _ in module.named_parameters()]
    assert keys == ["scale", "inner.0.weight", "inner.0.bias"]
    assert not module.eval().inner[0].training


def test_layers_in_a_list_are_found_as_well():
    class Branches(nn.Module):
        def __init__(self):
            self.layers = [nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1, bias=False)]

    module = Branches()
    keys = [key for key, _ in module.named_parameters()]
    assert keys == ["layers.0.weight", "layers.0.bias", "layers.2.weight"]
    assert not module.eval().layers[1].training


def test_modules_are_the_chain_itself_and_all_below():
    inner = nn.Sequential(nn.ReLU())
    outer = nn.Sequential(nn.Flatten(), inner)
    assert list(outer.modules()) == [outer, outer[0], inner, inner[0]]


@pytest.mark.parametrize(
    "make", [lambda **kw: nn.Conv2d(1, 1, 1, **kw), lambda **kw: nn.Linear(1, 1, **kw)]
)
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rng": 0}, "rng = 0 is a int, needed a numpy.random.Generator"),
        ({"rng": 1}, "Pass np.random.default_rng(1)"),
        ({"rng": np.random.RandomState(0)}, "needed a numpy.random.Generator"),
        ({"dtype": int}, "dtype = <class 'int'>, needed np.float32 or np.float64"),
        ({"dtype": np.float16}, "needed np.float32 or np.float64"),
        ({"dtype": "nonsense"}, "dtype = 'nonsense', needed np.float32 or np.float64"),
        ({"dtype": None}, "dtype = None, needed np.float32 or np.float64"),
    ],
)
def test_a_seed_is_no_generator_and_whole_numbers_are_no_weights(make, options, words):
    with pytest.raises(TypeError, match=r"^(Conv2d|Linear): .*" + re.escape(words)):
        make(**options)


@pytest.mark.parametrize(
    ("layer", "names"),
    [
        (nn.Conv2d(1, 1, 3), ["kernel_size", "stride", "padding", "dilation", "groups"]),
        (nn.MaxPool2d(2), ["kernel_size", "stride", "padding", "dilation", "ceil_mode"]),
        (nn.AvgPool2d(2), ["kernel_size", "stride", "padding", "dilation", "ceil_mode"]),
        (nn.LPPool2d(2, 2), ["norm_type", "kernel_size", "stride", "ceil_mode"]),
        (nn.AdaptiveAvgPool2d(2), ["output_size"]),
        (nn.BlurPool2d(), ["kernel_size", "stride", "padding_mode"]),
    ],
)
def test_how_a_window_moves_cannot_be_changed_behind_the_back_of_its_checks(layer, names):
    for name in names:
        with pytest.raises(AttributeError):
            setattr(layer, name, (2, 2))


def test_same_generator_same_layer():
    first, second = (nn.Conv2d(2, 3, 3, rng=np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first.weight.data, second.weight.data)
    np.testing.assert_array_equal(first.bias.data, second.bias.data)


def test_without_a_generator_two_layers_differ():
    assert np.any(nn.Linear(3, 3).weight.data != nn.Linear(3, 3).weight.data)


# --- chains --------------------------------------------------------------------------------------


def test_a_chain_can_be_counted_indexed_sliced_and_walked():
    model = small_network()
    assert len(model) == 7
    assert isinstance(model[0], nn.Conv2d)
    assert isinstance(model[-1], nn.Linear)
    assert [type(layer) for layer in model[1:3]] == [nn.ReLU, nn.MaxPool2d]
    assert model[1:3][0] is model[1]
    assert list(model) == model.layers


def test_an_empty_chain_hands_on_what_comes():
    x = np.ones(3)
    assert nn.Sequential()(x) is x
    assert nn.Sequential().backward(x) is x
    assert repr(nn.Sequential()) == "Sequential()"


def test_a_forgotten_pair_of_brackets_is_named():
    with pytest.raises(TypeError, match="argument 1 is a type, needed a layer"):
        nn.Sequential(nn.Flatten(), nn.ReLU)


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.Conv2d(3, 8, 3, padding=1), "Conv2d(3, 8, kernel_size=3, padding=1)"),
        (
            nn.Conv2d(2, 4, (3, 2), 2, "valid", (1, 2), 2, False),
            "Conv2d(2, 4, kernel_size=(3, 2), stride=2, padding='valid', dilation=(1, 2), "
            "groups=2, bias=False)",
        ),
        (nn.MaxPool2d(2), "MaxPool2d(kernel_size=2, stride=2)"),
        (
            nn.MaxPool2d((3, 2), 1, (1, 0), 2, ceil_mode=True),
            "MaxPool2d(kernel_size=(3, 2), stride=1, padding=(1, 0), dilation=2, ceil_mode=True)",
        ),
        (nn.AvgPool2d(3, 2, 1), "AvgPool2d(kernel_size=3, stride=2, padding=1)"),
        (nn.Conv2d(1, 1, 3, padding=(1,)), "Conv2d(1, 1, kernel_size=3, padding=1)"),
        (nn.Conv2d(1, 1, 3, padding=[1, 0]), "Conv2d(1, 1, kernel_size=3, padding=(1, 0))"),
        (
            nn.MaxPool2d(2, return_indices=True),
            "MaxPool2d(kernel_size=2, stride=2, return_indices=True)",
        ),
        (
            nn.AvgPool2d(2, count_include_pad=False, divisor_override=3),
            "AvgPool2d(kernel_size=2, stride=2, count_include_pad=False, divisor_override=3)",
        ),
        (nn.LPPool2d(2, 3), "LPPool2d(norm_type=2, kernel_size=3, stride=3)"),
        (
            nn.LPPool2d(1.5, (3, 2), 1, True),
            "LPPool2d(norm_type=1.5, kernel_size=(3, 2), stride=1, ceil_mode=True)",
        ),
        (nn.AdaptiveAvgPool2d(1), "AdaptiveAvgPool2d(output_size=1)"),
        (nn.AdaptiveAvgPool2d((None, None)), "AdaptiveAvgPool2d(output_size=(None, None))"),
        (
            nn.AdaptiveMaxPool2d([None, 2], return_indices=True),
            "AdaptiveMaxPool2d(output_size=(None, 2), return_indices=True)",
        ),
        (nn.BlurPool2d(), "BlurPool2d(kernel_size=3, stride=2)"),
        (
            nn.BlurPool2d(4, 1, "circular"),
            "BlurPool2d(kernel_size=4, stride=1, padding_mode='circular')",
        ),
        (nn.ReLU(), "ReLU()"),
        (nn.Dropout(0.25), "Dropout(p=0.25)"),
        (nn.Dropout2d(), "Dropout2d(p=0.5)"),
        (nn.BatchNorm2d(4), "BatchNorm2d(4)"),
        (nn.BatchNorm2d(4, 1e-3, None), "BatchNorm2d(4, eps=0.001, momentum=None)"),
        (nn.BatchNorm2d(4, affine=False, bias=False), "BatchNorm2d(4, affine=False)"),
        (nn.BatchNorm2d(4, bias=False), "BatchNorm2d(4, bias=False)"),
        (nn.Flatten(), "Flatten()"),
        (nn.Flatten(0, 2), "Flatten(0, 2)"),
        (nn.Linear(4, 2, bias=False), "Linear(in_features=4, out_features=2, bias=False)"),
        (
            nn.Sequential(nn.Sequential(nn.ReLU())),
            "Sequential(\n  (0): Sequential(\n    (0): ReLU()\n  )\n)",
        ),
    ],
)
def test_a_layer_prints_as_it_was_built(layer, text):
    assert repr(layer) == text


@pytest.mark.parametrize("nested", [False, True])
def test_a_layer_that_comes_twice_is_refused(nested):
    layer = nn.ReLU()
    second = nn.Sequential(layer) if nested else layer
    with pytest.raises(ValueError, match="the same layer comes twice, needed one layer for each"):
        nn.Sequential(layer, second)


def test_fractions_are_not_loaded_into_a_counter():
    layer = nn.BatchNorm2d(2)
    with pytest.raises(TypeError, match="num_batches_tracked' has dtype float64, needed integers"):
        layer.load_state_dict({**layer.state_dict(), "num_batches_tracked": np.array(2.7)})


class Unfinished(nn.Module):
    """A layer of a reader who has yet to write it."""


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: nn.Module()(np.zeros(1)), "Module: this layer has no forward, needed one that re"),
        (lambda: Unfinished()(np.zeros(1)), "Unfinished: this layer has no forward, needed one"),
        (
            lambda: Unfinished().backward(np.zeros(1)),
            "Write backward(self, grad_output) in a class",
        ),
    ],
)
def test_a_layer_without_its_methods_says_which_one_to_write(call, words):
    with pytest.raises(NotImplementedError, match=re.escape(words)):
        call()
