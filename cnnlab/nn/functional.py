"""The functions behind the layers, under the names of torch.nn.functional."""

from cnnlab.nn.activation import relu
from cnnlab.nn.adaptivepool import adaptive_avg_pool2d, adaptive_max_pool2d
from cnnlab.nn.avgpool import avg_pool2d
from cnnlab.nn.blurpool import blur_pool2d
from cnnlab.nn.convolution import conv2d
from cnnlab.nn.dropout import dropout, dropout2d
from cnnlab.nn.flatten import flatten
from cnnlab.nn.fold import fold, unfold
from cnnlab.nn.linear import linear
from cnnlab.nn.loss import cross_entropy, log_softmax, softmax
from cnnlab.nn.lppool import lp_pool2d
from cnnlab.nn.maxpool import max_pool2d
from cnnlab.nn.normalisation import batch_norm
from cnnlab.nn.unpool import max_unpool2d

__all__ = [
    "adaptive_avg_pool2d",
    "adaptive_max_pool2d",
    "avg_pool2d",
    "batch_norm",
    "blur_pool2d",
    "conv2d",
    "cross_entropy",
    "dropout",
    "dropout2d",
    "flatten",
    "fold",
    "linear",
    "log_softmax",
    "lp_pool2d",
    "max_pool2d",
    "max_unpool2d",
    "relu",
    "softmax",
    "unfold",
]
