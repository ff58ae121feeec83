"""One sentence for every package that is needed and not installed: which extra brings it."""

from collections.abc import Iterator
from contextlib import contextmanager

INSTALLED_AS = {"PIL": "pillow", "sklearn": "scikit-learn", "torch": "PyTorch", "yaml": "PyYAML"}

__all__ = ["needed"]


@contextmanager
def needed(extra: str, by: str) -> Iterator[None]:
    """Import what only an extra brings, or say how to get it.

    Parameters
    ----------
    extra : str
        Extra of cnnlab that holds every package imported inside the ``with`` block.
    by : str
        Who needs them, as the reader knows it: a module or a call.

    Yields
    ------
    None

    Raises
    ------
    ModuleNotFoundError
        If a package is not installed.

    Examples
    --------
    >>> with needed("plots", by="cnnlab.plots"):
    ...     import no_such_package
    Traceback (most recent call last):
    ModuleNotFoundError: cnnlab.plots needs no_such_package. Install it with:
        pip install "cnnlab[plots]"
    """
    try:
        yield
    except ModuleNotFoundError as missing:
        package = str(missing.name).partition(".")[0]
        raise ModuleNotFoundError(
            f"{by} needs {INSTALLED_AS.get(package, package)}. "
            f'Install it with: pip install "cnnlab[{extra}]"',
            name=missing.name,
        ) from missing
