"""``small`` and ``studio``: the same networks, narrow for two CPU cores and wide for a GPU."""

from __future__ import annotations

from dataclasses import replace

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

    Windows of the discriminator that are longer than twice the sounds are left out.

    Raises:
        UsageError: if that leaves none.
    """
    windows, most = numbers(config.windows), 2 * spec.shape[1]
    usable = [window for window in windows if window <= most]
    if not usable:
        what = f"a window of {min(windows)} samples is too long for sounds of {spec.shape[1]}"
        raise UsageError(what, where="network.windows", fix=f"Use windows of at most {most} samples, or longer sounds with --seconds.")
    config = replace(config, windows=",".join(map(str, usable)))
    return Players(
        SoundGenerator(spec, labels, config),
        SoundDiscriminator(spec, labels, config),
        SoundAugmentation(rate_of(spec), is_loop(spec)),
        encoder=SoundEncoder(spec, config),
    )
