"""Hold cnnlab and torch side by side: values, shape and dtype, and what each of them refuses."""

import numpy as np
import torch

torch.set_num_threads(1)  # the arrays are tiny: threads would only wait for one another


def tolerance(dtype):
    """Relative and absolute difference that the order of additions may make."""
    close = 1e-5 if dtype == np.float32 else 1e-9
    return {"rtol": close, "atol": close}


def assert_like_torch(ours, theirs, **tolerances):
    """Assert that values, shape and dtype are torch's; without tolerances exactly, NaN too."""
    theirs = theirs.detach().numpy()
    assert isinstance(ours, np.ndarray)
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    if tolerances:
        np.testing.assert_allclose(ours, theirs, **tolerances)
    else:
        np.testing.assert_array_equal(ours, theirs)


def torch_gradients(function, arrays, grad_output):
    """Let torch's autograd differentiate: the gradients of all arrays, None for a None."""
    tensors = [None if a is None else torch.tensor(a, requires_grad=True) for a in arrays]
    function(*tensors).backward(torch.tensor(grad_output))
    return [None if tensor is None else tensor.grad for tensor in tensors]


def shape_or_refusal(who, call):
    """Return the shape that cnnlab gives, or "refused" for an error in cnnlab's own words."""
    try:
        return call().shape
    except (ValueError, TypeError) as error:
        return "refused" if str(error).startswith(f"{who}: ") else f"not in our words: {error}"


def torch_shape_or_refusal(call):
    """Return the shape that torch gives, or "refused"."""
    try:
        return tuple(call().shape)
    except (RuntimeError, ValueError, TypeError, IndexError):
        return "refused"
