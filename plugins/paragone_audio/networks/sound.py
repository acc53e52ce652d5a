"""``small`` and ``studio``: the same networks, narrow for two CPU cores and wide for a GPU."""

from __future__ import annotations

from paragone.players import Players
from paragone.spec import SampleSpec

from ..augmentation import SoundAugmentation
from ..presets import SoundNetwork
from ..sound import is_loop, rate_of
from .discriminator import SoundDiscriminator, SoundEncoder
from .generator import SoundGenerator


def build(spec: SampleSpec, labels: int, config: SoundNetwork) -> Players:
    """The players for sounds of any length and rate."""
    return Players(
        SoundGenerator(spec, labels, config),
        SoundDiscriminator(spec, labels, config),
        SoundAugmentation(rate_of(spec), is_loop(spec)),
        encoder=SoundEncoder(spec, config),
    )
