"""Images to learn from: handwritten digits, photographs, and how they are split and batched.

Images are arrays (N, C, H, W) of float32 between 0 and 1, with 0 for black. They are scaled by a
constant and never centred: with a shifted mean the background would not be 0, and the zero padding
of a convolution would become a visible frame.
"""

from cnnlab.datasets.cifar import cifar10
from cnnlab.datasets.core import Split, batches, enlarge, permute_pixels
from cnnlab.datasets.digits import digits, placed_digits
from cnnlab.datasets.labels import random_labels, wrong_labels
from cnnlab.datasets.mnist import fashion_mnist, mnist
from cnnlab.datasets.photographs import photograph

__all__ = [
    "Split",
    "batches",
    "cifar10",
    "digits",
    "enlarge",
    "fashion_mnist",
    "mnist",
    "permute_pixels",
    "photograph",
    "placed_digits",
    "random_labels",
    "wrong_labels",
]
