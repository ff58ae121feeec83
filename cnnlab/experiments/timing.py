"""Time, measured so that it means something: warmed up, repeated, in turns, the median taken.

What is counted is the *processor's* time for this process. With one thread and no waiting that is
the time on the clock of an idle machine; and when the machine is not idle, other people's programs
do not enter (but for the caches and the memory that they share with ours).

A GPU works on while Python goes on. There it is the time on the clock that counts, and the clock is
read when the GPU has finished what it was given.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from cnnlab._extras import needed

__all__ = ["clock", "milliseconds", "one_torch_thread"]


def clock(device: str = "cpu") -> Callable[[], float]:
    """Give a clock that fits a device.

    Parameters
    ----------
    device : str, default "cpu"
        A device of torch. For the CPU the clock counts the processor's time of this process; for
        any other it waits until the device has finished, and then looks at the wall.

    Returns
    -------
    callable
        Without arguments; returns seconds, of which only differences mean something.
    """
    if device == "cpu":
        return time.process_time
    with needed("torch", by=f"device = {device!r}"):
        import torch
    place = torch.device(device)

    def on_the_wall() -> float:
        torch.get_device_module(place).synchronize(place)
        return time.perf_counter()

    return on_the_wall


def milliseconds(
    *calls: Callable[[], Any],
    repeats: int = 9,
    warm_up: int = 2,
    clock: Callable[[], float] = time.process_time,
) -> list[float]:
    """Median time of some calls, made in turns so that all meet the same conditions.

    Parameters
    ----------
    *calls : callable
        What to time; each is called without arguments.
    repeats : int, default 9
        Timed rounds, at least 1.
    warm_up : int, default 2
        Rounds before them that are not counted.
    clock : callable, default ``time.process_time``
        Returns seconds; see :func:`clock`.

    Returns
    -------
    list of float
        Milliseconds, one number per call.

    Raises
    ------
    ValueError
        If ``repeats`` is below 1.
    """
    if repeats < 1:
        raise ValueError(f"milliseconds(repeats={repeats}): needed at least 1.")
    rounds = []
    for _ in range(warm_up + repeats):
        times = []
        for call in calls:
            began = clock()
            call()
            times.append(clock() - began)
        rounds.append(times)
    return [1e3 * float(median) for median in np.median(rounds[warm_up:], axis=0)]


def one_torch_thread() -> Any:
    """Give torch, held to a single thread.

    Returns
    -------
    module
        ``torch``.

    Raises
    ------
    ImportError
        If PyTorch is not installed.
    """
    with needed("torch", by="This experiment"):
        import torch
    torch.set_num_threads(1)
    return torch
