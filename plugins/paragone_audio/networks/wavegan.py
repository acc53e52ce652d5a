"""``wavegan``: Donahue, McAuley and Puckette 2019 (arXiv 1802.04208), appendix D, tables 3 and 4, as published.

Any length is made by a first map of another length; 16,384 samples are the paper's.
"""

from __future__ import annotations

import itertools
import math

import torch
from torch import nn
from torch.nn.functional import leaky_relu, pad, relu

from paragone.errors import UsageError
from paragone.players import Players, refuse_labels
from paragone.spec import SampleSpec

from ..presets import WaveganNetwork
from ..sound import MULTIPLE, is_loop

SIZE, STRIDE, LAYERS = 25, 4, 5


class WaveganGenerator(nn.Module):
    """``(B, latent)`` → ``(B, 1, L)`` in [-1, 1]: five transposed convolutions of 25 samples and stride 4."""

    def __init__(self, spec: SampleSpec, config: WaveganNetwork) -> None:
        super().__init__()
        self.latent_size, self.length = config.latent, spec.shape[1]
        widths = [16 * config.width // 2**layer for layer in range(LAYERS)]
        self.base = (max(widths[0], 1), -(-self.length // MULTIPLE))
        self.first = nn.Linear(config.latent, self.base[0] * self.base[1])
        channels = [max(width, 1) for width in widths] + [1]
        # 4 times as long: (T − 1)·4 − 2·11 + 25 + 1 = 4T
        self.layers = nn.ModuleList(
            nn.ConvTranspose1d(before, after, SIZE, STRIDE, padding=11, output_padding=1) for before, after in itertools.pairwise(channels)
        )
        self.apply(_initialise)

    def forward(self, latent: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        """See the class; labels are ignored."""
        uniform = torch.erf(latent / math.sqrt(2))  # the paper's latents lie evenly in [-1, 1], the engine's are normal
        x = relu(self.first(uniform).view(-1, *self.base))  # (B, 16·width, L/1024)
        for layer in self.layers[:-1]:
            x = relu(layer(x))
        return torch.tanh(self.layers[-1](x))[..., : self.length].float()


class WaveganDiscriminator(nn.Module):
    """``(B, 1, L)`` → ``(B,)``: five convolutions of 25 samples and stride 4, with phase shuffle between them."""

    def __init__(self, spec: SampleSpec, config: WaveganNetwork) -> None:
        super().__init__()
        self.shuffle = config.shuffle
        channels = [1] + [config.width * 2**layer for layer in range(LAYERS)]
        self.layers = nn.ModuleList(nn.Conv1d(before, after, SIZE, STRIDE, padding=11) for before, after in itertools.pairwise(channels))
        length = spec.shape[1]
        for _ in range(LAYERS):
            length = (length + 2 * 11 - SIZE) // STRIDE + 1
        self.last = nn.Linear(channels[-1] * length, 1)
        self.apply(_initialise)

    def forward(self, sample: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        """See the class; labels are ignored."""
        x = sample
        for number, layer in enumerate(self.layers):
            x = leaky_relu(layer(x), 0.2)
            if self.training and number < LAYERS - 1:
                x = phase_shuffle(x, self.shuffle)
        return self.last(x.flatten(1))[:, 0]


def phase_shuffle(x: torch.Tensor, most: int) -> torch.Tensor:
    """Each sample's maps moved by a random whole number of steps from -most to most; what is missing is mirrored.

    Donahue et al. 2019, section 3.3: else a discriminator recognises fakes by where in
    the period of the upsampling their buzz lies.

    Args:
        x: ``(B, C, T)``, T above ``most``.
        most: steps; 0 changes nothing.
    """
    if not most:
        return x
    steps = torch.randint(-most, most + 1, (len(x),), device=x.device)
    places = torch.arange(x.shape[2], device=x.device) + most - steps[:, None]  # of the mirrored maps, (B, T)
    return pad(x, (most, most), mode="reflect").gather(2, places[:, None].expand(-1, x.shape[1], -1))


def _initialise(layer: nn.Module) -> None:
    """Glorot and Bengio 2010, equation 16, and biases of 0: what the authors' framework does by default."""
    if isinstance(layer, (nn.Linear, nn.Conv1d, nn.ConvTranspose1d)):
        nn.init.xavier_uniform_(layer.weight)
        assert layer.bias is not None
        nn.init.zeros_(layer.bias)


def build(spec: SampleSpec, labels: int, config: WaveganNetwork) -> Players:
    """The pair for sounds of any length.

    Phase shuffle draws its steps for a whole batch, so a split one trains a little differently.

    Raises:
        UsageError: if labels are to be learned, the sounds are loops, or their smallest maps too short to be shuffled so far.
    """
    refuse_labels(labels, "wavegan", "small or studio")
    if is_loop(spec):
        raise UsageError("cannot make loops", where="preset wavegan", fix="Leave --loop out, or use the preset small or studio.")
    shortest = spec.shape[1] // STRIDE ** (LAYERS - 1)
    if config.shuffle >= shortest:
        what = f"maps of {shortest} samples cannot be moved by {config.shuffle}"
        raise UsageError(what, where="network.shuffle", fix=f"Set it below {shortest}, or make longer sounds with --seconds.")
    return Players(WaveganGenerator(spec, config), WaveganDiscriminator(spec, config), batch_statistics=True)
