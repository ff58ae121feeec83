"""Layers from scratch: forward and backward, with torch's names, arguments and defaults.

>>> import numpy as np
>>> from cnnlab import nn
>>> rng = np.random.default_rng(0)
>>> model = nn.Sequential(
...     nn.Conv2d(1, 4, kernel_size=3, padding=1, rng=rng),
...     nn.ReLU(),
...     nn.MaxPool2d(2),
...     nn.Flatten(),
...     nn.Linear(4 * 4 * 4, 10, rng=rng),
... )
>>> model(np.zeros((2, 1, 8, 8), dtype=np.float32)).shape
(2, 10)
"""

from cnnlab.nn import functional, init
from cnnlab.nn.activation import ReLU
from cnnlab.nn.adaptivepool import AdaptiveAvgPool2d, AdaptiveMaxPool2d
from cnnlab.nn.avgpool import AvgPool2d
from cnnlab.nn.batchnorm import BatchNorm2d
from cnnlab.nn.blurpool import BlurPool2d
from cnnlab.nn.conv import Conv2d
from cnnlab.nn.dropout import Dropout, Dropout2d
from cnnlab.nn.flatten import Flatten
from cnnlab.nn.linear import Linear
from cnnlab.nn.loss import CrossEntropyLoss
from cnnlab.nn.lppool import LPPool2d
from cnnlab.nn.maxpool import MaxPool2d
from cnnlab.nn.module import Module, Parameter
from cnnlab.nn.padding import CircularPad2d
from cnnlab.nn.sequential import Sequential

__all__ = [
    "AdaptiveAvgPool2d",
    "AdaptiveMaxPool2d",
    "AvgPool2d",
    "BatchNorm2d",
    "BlurPool2d",
    "CircularPad2d",
    "Conv2d",
    "CrossEntropyLoss",
    "Dropout",
    "Dropout2d",
    "Flatten",
    "LPPool2d",
    "Linear",
    "MaxPool2d",
    "Module",
    "Parameter",
    "ReLU",
    "Sequential",
    "functional",
    "init",
]
