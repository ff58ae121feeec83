"""Five rules for which number a 2x2 window hands on, as layers of torch that train.

Maximum and average are everybody's; the others are there to be compared with: the minimum, the
value at a position drawn anew for every window, and the value at one fixed position.
"""

from cnnlab._extras import needed
from cnnlab._types import Array

with needed("torch", by="cnnlab.experiments.pools"):
    import torch

from torch import nn
from torch.nn import functional as F

__all__ = ["RULES", "Pool", "gradient_shares", "with_rule"]

RULES = ("max", "avg", "min", "random", "fixed")


class Pool(nn.Module):
    """Pool 2x2 windows with stride 2 by one of the rules.

    Parameters
    ----------
    rule : {"max", "avg", "min", "random", "fixed"}
        Which number stands for the four; *fixed* takes the upper left one. May be changed later.
    """

    def __init__(self, rule: str):
        super().__init__()
        if rule not in RULES:
            raise ValueError(f"Pool({rule!r}): no such rule; there are {', '.join(RULES)}.")
        self.rule = rule

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Pool a batch (N, C, H, W) of even height and width."""
        if self.rule == "max":
            return F.max_pool2d(x, 2)
        if self.rule == "avg":
            return F.avg_pool2d(x, 2)
        if self.rule == "min":
            return -F.max_pool2d(-x, 2)
        if self.rule == "fixed":
            return x[:, :, ::2, ::2]
        N, C, H, W = x.shape
        windows = x.reshape(N, C, H // 2, 2, W // 2, 2).permute(0, 1, 2, 4, 3, 5).flatten(-2)
        chosen = torch.randint(4, windows.shape[:-1], device=x.device)
        return windows.gather(-1, chosen[..., None])[..., 0]


def with_rule(rule: str, model: nn.Sequential) -> nn.Sequential:
    """Put pools of that rule in the place of all pools of a chain; the weights stay.

    Parameters
    ----------
    rule : str
        One of ``RULES``.
    model : torch.nn.Sequential
        A chain with ``MaxPool2d(2)`` or :class:`Pool` in it.

    Returns
    -------
    torch.nn.Sequential
        Another chain around the same layers.
    """
    pools = (nn.MaxPool2d, Pool)
    layers = [Pool(rule) if isinstance(layer, pools) else layer for layer in model]
    return nn.Sequential(*layers)


def gradient_shares(model: nn.Sequential, x: Array, y: Array) -> dict[str, list[float]]:
    """Count where the gradient of the log-loss is not zero, in front of each pool.

    Parameters
    ----------
    model : torch.nn.Sequential
        A chain in which a ReLU stands before each :class:`Pool`.
    x, y : arrays of shape (N, C, H, W) and (N,)
        Images and classes.

    Returns
    -------
    dict
        ``"at_pool"``: share of the positions that enter a pool, one number per pool; and
        ``"below_relu"``: the same in front of the ReLU, where the gradient is zero too if the
        activation is.
    """
    model.eval()
    maps = [torch.from_numpy(x).requires_grad_()]
    for layer in model:
        maps.append(layer(maps[-1]))
    loss = F.cross_entropy(maps.pop(), torch.from_numpy(y), reduction="sum")
    gradients = torch.autograd.grad(loss, maps)
    shares = [int(there.count_nonzero()) / there.numel() for there in gradients]
    pools = [place for place, layer in enumerate(model) if isinstance(layer, Pool)]
    return {
        "at_pool": [shares[place] for place in pools],
        "below_relu": [shares[place - 1] for place in pools],
    }
