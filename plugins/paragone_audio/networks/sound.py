"""``small`` and ``studio``: the same networks, narrow for two CPU cores and wide for a GPU."""

from __future__ import annotations

from paragone.errors import UsageError
from paragone.players import Players
from paragone.spec import SampleSpec

from ..augmentation import SoundAugmentation
from ..presets import SoundNetwork, numbers
from ..sound import is_loop, rate_of
from .discriminator import SoundDiscriminator, SoundEncoder
from .generator import SoundGenerator


def build(spec: SampleSpec, labels: int, config: SoundNetwork) -> Players:
    """The players for sounds of any length and rate.

    Raises:
        UsageError: if a window of the discriminator is longer than twice the sounds.
    """
    longest, length = max(numbers(config.windows)), spec.shape[1]
    if longest > 2 * length:
        what = f"a window of {longest} samples is too long for sounds of {length}"
        raise UsageError(
            what, where="network.windows", fix=f"Use windows of at most {2 * length} samples, or longer sounds with --seconds."
        )
    return Players(
        SoundGenerator(spec, labels, config),
        SoundDiscriminator(spec, labels, config),
        SoundAugmentation(rate_of(spec), is_loop(spec)),
        encoder=SoundEncoder(spec, config),
    )
