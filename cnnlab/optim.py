"""Optimisers: turn gradients into steps (torch.optim). Chapter 9."""

import math
from collections.abc import Iterable

import numpy as np

from cnnlab import _checks
from cnnlab._types import Array
from cnnlab.nn.module import Parameter


class Optimizer:
    """Base of the optimisers: a list of parameters and a learning rate.

    Parameters
    ----------
    params : iterable of Parameter
        ``model.parameters()``.
    lr : float
        Learning rate, positive.

    Attributes
    ----------
    parameters : list of Parameter
    lr : float
        May be changed between two steps, as :class:`CosineSchedule` does.

    Raises
    ------
    ValueError
        If there is nothing to train, a parameter comes twice, or the learning rate is not positive.
    TypeError
        If something else than parameters came, for example the model itself.

    Notes
    -----
    Where `lr` stands, torch has a dictionary, `defaults`: there each group of parameters can have
    options of its own, here there is one group. `zero_grad` has no `set_to_none`: it fills the
    gradients with 0. `step` takes no `closure`.
    """

    def __init__(self, params: Iterable[Parameter], lr: float) -> None:
        who = type(self).__name__
        came = list(params) if isinstance(params, Iterable) else [params]
        strange = [type(each).__name__ for each in came if not isinstance(each, Parameter)]
        if strange:
            raise TypeError(
                f"{who}: a {strange[0]} came, needed parameters only. Pass model.parameters()."
            )
        if not came:
            raise ValueError(
                f"{who}: no parameters came, needed at least one. Pass model.parameters() of a "
                f"network with a Conv2d or Linear layer."
            )
        if len(set(came)) < len(came):
            raise ValueError(
                f"{who}: {len(came)} parameters came, but only {len(set(came))} different ones, "
                f"needed each once, or it would take more than one step at a time."
            )
        if not _checks.number(who, "lr", lr) > 0:
            raise ValueError(f"{who}: lr = {lr}, needed a positive number.")
        self.parameters, self.lr = came, lr

    def zero_grad(self) -> None:
        """Forget all collected gradients."""
        for parameter in self.parameters:
            parameter.grad[...] = 0

    def step(self) -> None:
        """Move every parameter a little against its gradient."""
        raise NotImplementedError(f"{type(self).__name__} has no step. Write one in the subclass.")


class SGD(Optimizer):
    r"""Stochastic gradient descent with momentum (torch.optim.SGD).

    .. math:: v \leftarrow \mu v + g + \lambda w, \qquad w \leftarrow w - \eta v

    Parameters
    ----------
    params : iterable of Parameter
        ``model.parameters()``.
    lr : float, default 1e-3
        Learning rate :math:`\eta`.
    momentum : float, default 0
        :math:`\mu`, at least 0.
    weight_decay : float, default 0
        :math:`\lambda`, at least 0.

    Notes
    -----
    `weight_decay` is given by name: in torch another number, `dampening`, stands before it. There
    is no `dampening`, `nesterov`, `maximize`, `foreach`, `differentiable` or `fused` here.

    Examples
    --------
    >>> import numpy as np
    >>> w = Parameter(np.array([1.0]))
    >>> w.grad += 2
    >>> SGD([w], lr=0.25).step()
    >>> w.data  # 1 - 0.25 * 2
    array([0.5])
    """

    def __init__(
        self,
        params: Iterable[Parameter],
        lr: float = 1e-3,
        momentum: float = 0.0,
        *,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, lr)
        self.momentum = _checks.number("SGD", "momentum", momentum, 0)
        self.weight_decay = _checks.number("SGD", "weight_decay", weight_decay, 0)
        self._velocity = [np.zeros_like(parameter.data) for parameter in self.parameters]

    def step(self) -> None:
        """Take one step."""
        for parameter, velocity in zip(self.parameters, self._velocity, strict=True):
            velocity *= self.momentum
            velocity += parameter.grad + self.weight_decay * parameter.data
            parameter.data -= self.lr * velocity


class Adam(Optimizer):
    r"""Adam: steps scaled by running estimates of gradient mean and size (torch.optim.Adam).

    .. math::

        m \leftarrow \beta_1 m + (1 - \beta_1) g, \quad v \leftarrow \beta_2 v + (1 - \beta_2) g^2,
        \quad
        w \leftarrow w - \eta \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}

    Parameters
    ----------
    params : iterable of Parameter
        ``model.parameters()``.
    lr : float, default 1e-3
        Learning rate :math:`\eta`.
    betas : pair of float, default (0.9, 0.999)
        Memory of the two estimates, each at least 0 and under 1.
    eps : float, default 1e-8
    weight_decay : float, default 0
        Added to the gradient, as in torch's Adam (not AdamW).

    Notes
    -----
    Of torch's options there is no `amsgrad`, `foreach`, `maximize`, `capturable`,
    `differentiable`, `fused` or `decoupled_weight_decay` here.

    References
    ----------
    Kingma and Ba (2015), arXiv:1412.6980, algorithm 1.
    """

    def __init__(
        self,
        params: Iterable[Parameter],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, lr)
        pair = isinstance(betas, tuple | list) and len(betas) == 2
        if not pair or not all(0 <= _checks.number("Adam", "beta", beta) < 1 for beta in betas):
            raise ValueError(f"Adam: betas = {betas}, needed two numbers from 0 to below 1.")
        self.betas, self.eps = betas, _checks.number("Adam", "eps", eps, 0)
        self.weight_decay = _checks.number("Adam", "weight_decay", weight_decay, 0)
        self.steps = 0
        self._mean: list[Array] = [np.zeros_like(parameter.data) for parameter in self.parameters]
        self._square: list[Array] = [np.zeros_like(parameter.data) for parameter in self.parameters]

    def step(self) -> None:
        """Take one step."""
        self.steps += 1
        beta1, beta2 = self.betas
        step_size = self.lr / (1 - beta1**self.steps)
        root = math.sqrt(1 - beta2**self.steps)
        for parameter, mean, square in zip(self.parameters, self._mean, self._square, strict=True):
            grad = parameter.grad
            if self.weight_decay:
                grad = grad + self.weight_decay * parameter.data
            mean += (1 - beta1) * (grad - mean)
            square += (1 - beta2) * (grad * grad - square)
            parameter.data -= step_size * mean / (np.sqrt(square) / root + self.eps)


class CosineSchedule:
    r"""Let the learning rate fall to 0 along half a cosine (torch's CosineAnnealingLR).

    .. math:: \eta_t = \tfrac{1}{2}\,\eta_0 \left(1 + \cos \frac{\pi t}{T}\right)

    Parameters
    ----------
    optimizer : Optimizer
    steps : int
        Number T of steps after which the rate is 0.

    Notes
    -----
    torch calls `steps` `T_max`, falls to a rate `eta_min`, which is 0 here, and can go on from a
    `last_epoch`. After step T the rate stays at 0; in torch it rises again.

    References
    ----------
    Loshchilov and Hutter (2017), arXiv:1608.03983, equation 5.
    """

    def __init__(self, optimizer: Optimizer, steps: int) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(
                f"CosineSchedule: the optimizer is a {type(optimizer).__name__}, needed one such "
                f"as SGD(model.parameters())."
            )
        self.steps = _checks.integer("CosineSchedule", "steps", steps, 1)
        self.optimizer, self.start = optimizer, optimizer.lr
        self.done = 0

    def step(self) -> None:
        """Set the learning rate for the next step."""
        self.done = min(self.done + 1, self.steps)
        self.optimizer.lr = self.start * (1 + math.cos(math.pi * self.done / self.steps)) / 2
