"""A reporter that also writes TensorBoard's files, for those who installed the extra."""

from __future__ import annotations

from pathlib import Path

from .errors import UsageError
from .reporting import Reporter, Stats


class TensorBoardReporter:
    """Passes everything on to another reporter, and numbers to TensorBoard."""

    def __init__(self, inner: Reporter, folder: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.inner = inner
        self.writer = SummaryWriter(folder)

    def note(self, text: str) -> None:
        """Pass it on."""
        self.inner.note(text)

    def progress(self, fraction: float, samples: int) -> None:
        """Pass it on."""
        self.inner.progress(fraction, samples)

    def stats(self, stats: Stats) -> None:
        """Write every number against real samples shown, and pass it on."""
        for name, value in stats.to_json().items():
            if isinstance(value, float):
                self.writer.add_scalar(name, value, stats.samples)
        self.inner.stats(stats)

    def close(self) -> None:
        """Close both."""
        self.writer.close()
        self.inner.close()


def with_tensorboard(reporter: Reporter, folder: Path, wanted: bool) -> Reporter:
    """``reporter``, writing into ``folder/tensorboard`` too if that is wanted.

    Raises:
        UsageError: if the extra is not installed.
    """
    require_tensorboard(wanted)
    return TensorBoardReporter(reporter, folder / "tensorboard") if wanted else reporter


def require_tensorboard(wanted: bool) -> None:
    """Before anything is made that would have to go again.

    Raises:
        UsageError: if it is wanted and the extra is not installed.
    """
    if not wanted:
        return
    try:
        import torch.utils.tensorboard  # noqa: F401
    except ImportError as error:
        fix = "pip install 'paragone[tensorboard]', or leave it off."
        raise UsageError("tensorboard is not installed", where="train.tensorboard", fix=fix) from error
