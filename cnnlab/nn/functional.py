"""The functions behind the layers, under the names of torch.nn.functional."""

from cnnlab.nn.activation import relu
from cnnlab.nn.avgpool import avg_pool2d
from cnnlab.nn.convolution import conv2d
from cnnlab.nn.flatten import flatten
from cnnlab.nn.linear import linear
from cnnlab.nn.loss import cross_entropy, log_softmax, softmax
from cnnlab.nn.maxpool import max_pool2d

__all__ = [
    "avg_pool2d",
    "conv2d",
    "cross_entropy",
    "flatten",
    "linear",
    "log_softmax",
    "max_pool2d",
    "relu",
    "softmax",
]
