"""Train one arm: choose its learning rate on validation images, train, measure.

The network is defined once, in `cnnlab.nn`. With ``"library": "torch"`` in the configuration the
same network, translated by `cnnlab.compare.to_torch` with its initial weights, is trained by torch,
which is faster; with ``"library": "cnnlab"`` it is trained by `cnnlab.training.fit`. Both use Adam
with a cosine schedule that ends at 0, and the same order of batches.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from cnnlab import datasets, nn, optim, training
from cnnlab._extras import needed
from cnnlab._types import Array
from cnnlab.experiments.timing import one_torch_thread
from cnnlab.training import Scores

Build: TypeAlias = Callable[[np.random.Generator], Any]
Watch: TypeAlias = Callable[[int, "Learned"], None]
Redraw: TypeAlias = Callable[[np.random.Generator], Array]

INITIAL_WEIGHTS, BATCHES, NOISE, REDRAWN = 1, 2, 3, 4  # streams of random numbers of one seed

__all__ = ["Build", "DivergedError", "Learned", "Redraw", "Watch", "learn", "train"]


class DivergedError(ValueError):
    """Training has diverged: the loss is no longer a number."""


@dataclass(frozen=True)
class Learned:
    """A trained network, and how it was trained.

    Parameters
    ----------
    model : nn.Module or torch.nn.Module
        In the library that trained it, in evaluation mode.
    learning_rate : float
        The rate that was used.
    validation_log_loss : dict of str to float
        Log-loss of each rate that was tried, in nats; empty where there was nothing to choose.
    """

    model: Any
    learning_rate: float
    validation_log_loss: dict[str, float] = field(default_factory=dict)

    def logits(self, x: Array, batch_size: int = 500) -> Array:
        """Give the scores of the classes, in evaluation mode.

        Parameters
        ----------
        x : array of shape (N, C, H, W)
            Images.
        batch_size : int, default 500
            Images at once.

        Returns
        -------
        array of shape (N, classes), float32
        """
        parts = [x[start : start + batch_size] for start in range(0, len(x), batch_size)]
        return np.concatenate([self._outputs(part) for part in parts])

    def _outputs(self, x: Array) -> Array:
        if isinstance(self.model, nn.Module):
            self.model.eval()
            return self.model(x)
        import torch

        self.model.eval()
        device = next(self.model.parameters()).device
        with torch.no_grad():
            scores = self.model(_tensor(x, device)).cpu().numpy()
        result: Array = scores
        return result

    def predictions(self, x: Array) -> Array:
        """Give the class of each image.

        Parameters
        ----------
        x : array of shape (N, C, H, W)
            Images.

        Returns
        -------
        array of shape (N,), int64
        """
        classes: Array = self.logits(x).argmax(axis=1)
        return classes

    def scores(self, x: Array, y: Array) -> Scores:
        """Measure accuracy and log-loss in evaluation mode.

        Parameters
        ----------
        x, y : arrays of shape (N, C, H, W) and (N,)
            Images and classes.

        Returns
        -------
        Scores
        """
        logits = self.logits(x).astype(np.float64)
        right = float(np.mean(logits.argmax(axis=1) == y))
        return Scores(right, float(nn.functional.cross_entropy(logits, y)))

    def choice(self) -> dict[str, Any]:
        """Say how the learning rate was chosen, for the row of a record.

        Returns
        -------
        dict
            ``learning_rate`` and ``validation_log_loss``.
        """
        return {
            "learning_rate": self.learning_rate,
            "validation_log_loss": self.validation_log_loss,
        }

    def in_cnnlab(self) -> nn.Module:
        """Give the network as one of `cnnlab.nn`, with the trained weights.

        Returns
        -------
        nn.Module
        """
        if isinstance(self.model, nn.Module):
            return self.model
        from cnnlab.compare import from_torch

        return from_torch(self.model).eval()


def learn(
    build: Build,
    x: Array,
    y: Array,
    *,
    seed: int,
    configuration: Mapping[str, Any],
    device: str = "cpu",
    redraw: Redraw | None = None,
    watch: Watch | None = None,
) -> Learned:
    """Choose a learning rate on a fifth of the training images, then train anew on all of them.

    Parameters
    ----------
    build : callable
        ``build(rng)`` gives the network with fresh weights: a Sequential of `cnnlab.nn`, or a
        torch module where cnnlab has no such layer.
    x, y : arrays of shape (N, C, H, W) and (N,)
        Training images and their classes. No test image comes here.
    seed : int
        Sets initial weights, order of batches, dropped units.
    configuration : mapping
        ``library``, ``epochs``, ``batch_size``, ``learning_rates`` and, optionally,
        ``trial_epochs`` (length of the trials; ``epochs`` by default) and ``weight_decay``.
    device : str, default "cpu"
        A device of torch.
    redraw : callable, optional
        ``redraw(rng)`` gives the training images anew before every epoch, for augmentation.
    watch : callable, optional
        ``watch(epoch, learned)`` is called after each epoch of the final training, from 1.

    Returns
    -------
    Learned
        The network with the rate of lowest validation log-loss.

    Raises
    ------
    DivergedError
        If the loss is no longer a number, in the training or with every rate that was tried.
    """
    rates = [float(rate) for rate in configuration["learning_rates"]]
    trials: dict[str, float] = {}
    if len(rates) > 1:
        part = len(x) * 4 // 5
        trial = {
            **configuration,
            "epochs": configuration.get("trial_epochs", configuration["epochs"]),
        }
        head = None if redraw is None else (lambda rng: redraw(rng)[:part])
        for rate in rates:
            try:
                tried = train(
                    build,
                    x[:part],
                    y[:part],
                    rate,
                    seed=seed,
                    configuration=trial,
                    device=device,
                    redraw=head,
                )
            except DivergedError:  # a rate that is too large has lost, and the others go on
                continue
            trials[f"{rate:g}"] = tried.scores(x[part:], y[part:]).loss
        if not trials:
            raise DivergedError(f"learn: training has diverged with every rate of {rates}.")
        rates = [rate for rate in rates if f"{rate:g}" in trials]
    best = min(rates, key=lambda rate: trials.get(f"{rate:g}", 0.0))
    trained = train(
        build,
        x,
        y,
        best,
        seed=seed,
        configuration=configuration,
        device=device,
        redraw=redraw,
        watch=watch,
    )
    return Learned(trained.model, best, trials)


def train(
    build: Build,
    x: Array,
    y: Array,
    rate: float,
    *,
    seed: int,
    configuration: Mapping[str, Any],
    device: str = "cpu",
    redraw: Redraw | None = None,
    watch: Watch | None = None,
) -> Learned:
    """Train with one learning rate; see :func:`learn` for the arguments.

    Parameters
    ----------
    build, x, y, seed, configuration, device, redraw, watch
        As for :func:`learn`.
    rate : float
        Learning rate at the start; the schedule lowers it to 0.

    Returns
    -------
    Learned

    Raises
    ------
    ValueError
        If the configuration names an unknown library, or cnnlab is to train on another device.
    """
    library = configuration["library"]
    if library not in ("torch", "cnnlab"):
        raise ValueError(f"train: library = {library!r}, needed 'torch' or 'cnnlab'.")
    model = build(np.random.default_rng([seed, INITIAL_WEIGHTS]))
    if library == "cnnlab":
        if device != "cpu":
            raise ValueError(f"train: device = {device!r}, but cnnlab computes on the CPU alone.")
        return _train_here(model, x, y, rate, seed, configuration, redraw, watch)
    return _train_in_torch(model, x, y, rate, seed, configuration, device, redraw, watch)


def _images(x: Array, seed: int, epochs: int, redraw: Redraw | None) -> Iterator[Array]:
    """Training images of each epoch."""
    rng = np.random.default_rng([seed, REDRAWN])
    for _ in range(epochs):
        yield x if redraw is None else redraw(rng)


def _train_here(
    model: nn.Module,
    x: Array,
    y: Array,
    rate: float,
    seed: int,
    configuration: Mapping[str, Any],
    redraw: Redraw | None,
    watch: Watch | None,
) -> Learned:
    """Train with cnnlab's own layers, epoch by epoch."""
    epochs, batch_size = configuration["epochs"], configuration["batch_size"]
    optimizer = optim.Adam(
        model.parameters(), lr=rate, weight_decay=configuration.get("weight_decay", 0.0)
    )
    schedule = optim.CosineSchedule(optimizer, steps=epochs * -(-len(x) // batch_size))
    rng = np.random.default_rng([seed, BATCHES])
    for epoch, images in enumerate(_images(x, seed, epochs, redraw), start=1):
        try:
            training.fit(
                model,
                images,
                y,
                optimizer=optimizer,
                epochs=1,
                batch_size=batch_size,
                rng=rng,
                schedule=schedule,
                progress=False,
            )
        except ValueError as error:
            if "diverged" in str(error):
                raise DivergedError(str(error)) from None
            raise
        if watch is not None:
            watch(epoch, Learned(model, rate))
    model.eval()
    return Learned(model, rate)


def _train_in_torch(
    model: Any,
    x: Array,
    y: Array,
    rate: float,
    seed: int,
    configuration: Mapping[str, Any],
    device: str,
    redraw: Redraw | None,
    watch: Watch | None,
) -> Learned:
    """Train the same network with torch."""
    with needed("torch", by="training with torch"):
        import torch

        from cnnlab.compare import to_torch

    epochs, batch_size = configuration["epochs"], configuration["batch_size"]
    one_torch_thread()
    place = torch.device(device)
    module: Any = to_torch(model) if isinstance(model, nn.Module) else model
    module = module.to(place, memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(
        module.parameters(), lr=rate, weight_decay=configuration.get("weight_decay", 0.0)
    )
    steps = epochs * -(-len(x) // batch_size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    criterion = torch.nn.CrossEntropyLoss()
    rng = np.random.default_rng([seed, BATCHES])
    classes = torch.from_numpy(np.ascontiguousarray(y)).to(place)
    with _reproducible(seed, place):
        tensor = _tensor(x, place)
        for epoch, images in enumerate(_images(x, seed, epochs, redraw), start=1):
            if redraw is not None:
                tensor = _tensor(images, place)
            module.train()
            for some, _ in datasets.batches(np.arange(len(x)), y, batch_size, rng=rng):
                chosen = torch.from_numpy(some).to(place)
                optimizer.zero_grad()
                loss = criterion(module(tensor[chosen]), classes[chosen])
                if not torch.isfinite(loss):
                    raise DivergedError(
                        f"train: the loss became {loss.item()} in epoch {epoch}: training has "
                        f"diverged. Try a smaller learning rate than {rate:g}."
                    )
                loss.backward()
                optimizer.step()
                schedule.step()
            if watch is not None:
                watch(epoch, Learned(module, rate))
    module.eval()
    return Learned(module, rate)


def _tensor(x: Array, place: Any) -> Any:
    """Put images where torch computes, channels last in memory: faster on CPUs and GPUs."""
    import torch

    tensor = torch.from_numpy(np.ascontiguousarray(x)).to(place)
    return tensor.contiguous(memory_format=torch.channels_last) if tensor.ndim == 4 else tensor


@contextmanager
def _reproducible(seed: int, place: Any) -> Iterator[None]:
    """Let the seed decide what dropout draws; torch's own random numbers stay as they were."""
    import torch

    devices = [place] if place.type == "cuda" else []
    with torch.random.fork_rng(devices=devices), warnings.catch_warnings():
        # torch warns that an even kernel with padding="same" copies its input: true, and harmless
        warnings.filterwarnings("ignore", message="Using padding='same' with even kernel")
        torch.manual_seed(int(np.random.default_rng([seed, NOISE]).integers(2**31)))
        yield
