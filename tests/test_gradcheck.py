"""Central differences are right, and the check finds a gradient that is wrong."""

import numpy as np
import pytest

from cnnlab import nn
from cnnlab.gradcheck import check_gradients, numerical_gradient


def test_the_gradient_of_a_cubic_by_hand():
    x = np.array([[1.0, -2.0], [3.0, 0.0]])
    numerical = numerical_gradient(lambda: float(np.sum(x**3)), x)
    np.testing.assert_allclose(numerical, [[3, 12], [27, 0]], rtol=0, atol=1e-7)


def test_the_step_can_be_chosen():
    x = np.array([1.0])
    # ((1 + h)^3 - (1 - h)^3) / 2h = 3 + h^2
    numerical = numerical_gradient(lambda: float(x[0] ** 3), x, step=0.5)
    np.testing.assert_allclose(numerical, [3.25], rtol=1e-12)


def test_the_array_is_what_it_was_before(rng):
    x = rng.standard_normal((2, 3))
    before = x.copy()
    numerical_gradient(lambda: float(np.sum(x)), x)
    np.testing.assert_array_equal(x, before)


def test_the_array_is_restored_after_an_error_too():
    def fails():
        raise ArithmeticError

    x = np.array([1.0, 2.0])
    with pytest.raises(ArithmeticError):
        numerical_gradient(fails, x)
    np.testing.assert_array_equal(x, [1, 2])


@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_smaller_types_are_refused(dtype):
    with pytest.raises(TypeError, match=f"x is {np.dtype(dtype)}, needed float64"):
        numerical_gradient(lambda: 0.0, np.zeros(2, dtype=dtype))


class Wrong(nn.Linear):
    """A dense layer with one mistake in its way back."""

    def __init__(self, mistake, rng):
        super().__init__(3, 2, rng=rng, dtype=np.float64)
        self.mistake = mistake

    def backward(self, grad_output):
        grad_input = super().backward(grad_output)
        if self.mistake == "input":
            grad_input[1, 2] += 1e-3
        else:
            dict(self.named_parameters())[self.mistake].grad[-1] *= 1.01
        return grad_input


@pytest.mark.parametrize("mistake", ["input", "weight", "bias"])
def test_one_wrong_entry_is_found_and_nothing_else_is_blamed(mistake, rng):
    errors = check_gradients(Wrong(mistake, rng), rng.standard_normal((2, 3)), rng=rng)
    assert errors.pop(mistake) > 1e-4
    assert max(errors.values()) < 1e-7


def test_a_gradient_that_is_only_right_for_equal_outputs_is_found(rng):
    class Mixed(nn.ReLU):
        def backward(self, grad_output):
            return super().backward(grad_output[..., ::-1])

    assert check_gradients(Mixed(), rng.random((2, 3)) + 1, rng=rng)["input"] > 1e-2


def test_gradients_collected_before_do_not_count(rng):
    layer = nn.Linear(3, 2, rng=rng, dtype=np.float64)
    layer.weight.grad += 100
    errors = check_gradients(layer, rng.standard_normal((2, 3)), rng=rng)
    assert max(errors.values()) < 1e-7


def test_input_and_weights_are_what_they_were_before(rng):
    layer, x = nn.Linear(3, 2, rng=rng, dtype=np.float64), rng.standard_normal((2, 3))
    before_x, before = x.copy(), layer.state_dict()
    check_gradients(layer, x, rng=rng)
    np.testing.assert_array_equal(x, before_x)
    for key, array in layer.state_dict().items():
        np.testing.assert_array_equal(array, before[key])
