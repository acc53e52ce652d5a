"""The library torchgan's own trainer with its own DCGAN: what an engine of 2021 costs and gives.

Pal and Das 2021. The settings are those of :mod:`bare_dcgan`, so that the two
differ in the engine. torchgan 0.1.0, of 2021, is the newest release; with torch 2.11
it imports and trains, but for the one thing that :func:`run` leaves out.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

import torch

from .. import knobs
from .bare_dcgan import BATCH, BETAS, LATENT, RATE, WIDTH
from .runner import Sprites, Trained, Unavailable, parameters


class Timed:
    """Shuffled batches until the time is used up: one epoch, for the trainer, however long.

    Attributes:
        batch_size: the trainer asks for it.
        seconds: when an epoch ends, by the watch.
        shown: pictures given out so far.
    """

    batch_size = BATCH

    def __init__(self, pictures: torch.Tensor, watch: knobs.Watch) -> None:
        self._pictures, self._watch, self.seconds, self.shown = pictures, watch, 0.0, 0

    def __iter__(self) -> Iterator[torch.Tensor]:
        while True:
            for indices in torch.randperm(len(self._pictures)).split(BATCH):
                if self._watch.wall >= self.seconds:
                    return
                if len(indices) == BATCH:
                    self.shown += BATCH
                    yield self._pictures[indices]


def run(sprites: Sprites, budgets: Sequence[float], seed: int, scratch: Path) -> Iterator[Trained]:
    """See :data:`runner.Runner`."""
    watch = knobs.Watch.start()
    try:
        from torchgan.losses import MinimaxDiscriminatorLoss, MinimaxGeneratorLoss
        from torchgan.models import DCGANDiscriminator, DCGANGenerator
        from torchgan.trainer import Trainer
    except ImportError as error:
        raise Unavailable(f"torchgan cannot be imported ({error}): pip install torchgan") from error
    batches = Timed(sprites.pictures, watch)
    torch.manual_seed(seed)
    adam = {"name": torch.optim.Adam, "args": {"lr": RATE, "betas": BETAS}}
    size = {"out_channels": 4, "step_channels": WIDTH, "out_size": 32, "encoding_dims": LATENT}
    trainer = Trainer(
        {
            "generator": {"name": DCGANGenerator, "args": size, "optimizer": adam},
            "discriminator": {
                "name": DCGANDiscriminator,
                "args": {"in_channels": 4, "step_channels": WIDTH, "in_size": 32},
                "optimizer": adam,
            },
        },
        [MinimaxGeneratorLoss(), MinimaxDiscriminatorLoss()],
        device=torch.device("cpu"),
        epochs=1,
        sample_size=8,
        checkpoints=str(scratch / "model"),
        recon=str(scratch / "images"),
    )
    # its picture writer calls torchvision's make_grid with ``range``, which is called ``value_range`` since 2021 and fails
    # at the end of the epoch; the training needs no pictures
    trainer.logger.logger_end_epoch.clear()

    def sample(count: int) -> tuple[torch.Tensor, None]:
        latents = torch.randn(count, LATENT, generator=torch.Generator().manual_seed(seed))
        with torch.no_grad():
            return torch.cat([trainer.generator.train()(part) for part in latents.split(64)]), None  # as bare_dcgan samples

    facts = {"torchgan": version("torchgan")}
    for batches.seconds in budgets:
        with contextlib.redirect_stdout(io.StringIO()):  # it prints, and cannot be told not to
            trainer(batches)
        with watch.paused():
            yield Trained(sample, watch.wall, watch.cpu, batches.shown, parameters(trainer.generator), facts)
