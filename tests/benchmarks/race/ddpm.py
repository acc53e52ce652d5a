"""A diffusion model from the library diffusers, about as large as Paragone's ``small`` generator.

Ho et al. 2020 (DDPM), its simple loss, with the cosine schedule of Nichol and
Dhariwal 2021, the velocity as what is predicted (Salimans and Ho 2022, appendix D: predicting the
noise, it had not learned two flat colours after ten minutes) and a moving average of the weights; sampled in 50 steps by DDIM
(Song et al. 2021). It gets what it needs to do well in short time: bf16 where
``small`` has it, and a learning rate that falls. (In channels_last memory it is a
tenth slower on a CPU.)

diffusers is not among Paragone's dependencies: without it there is no race for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import mse_loss

from paragone.ema import Ema
from paragone.execution import Execution
from paragone.schedules import cosine_ramp

from .. import knobs
from .runner import Sprites, Trained, Unavailable, parameters

BATCH, RATE, TIMES, STEPS = 64, 1e-3, 1000, 50


def run(sprites: Sprites, budgets: Sequence[float], seed: int, scratch: Path) -> Iterator[Trained]:
    """See :data:`runner.Runner`. Anew for each budget, which its rate follows."""
    try:
        import diffusers
    except ImportError as error:
        raise Unavailable("diffusers is not installed: pip install diffusers") from error
    for seconds in budgets:
        yield _train(diffusers, sprites, seconds, seed)


def _train(diffusers: Any, sprites: Sprites, seconds: float, seed: int) -> Trained:
    watch = knobs.Watch.start()
    torch.manual_seed(seed)
    execution = Execution.choose("cpu")
    schedule = {"num_train_timesteps": TIMES, "beta_schedule": "squaredcos_cap_v2", "prediction_type": "v_prediction"}
    unet = diffusers.UNet2DModel(
        sample_size=32,
        in_channels=4,
        out_channels=4,
        layers_per_block=1,
        block_out_channels=(32, 48, 56),
        down_block_types=("DownBlock2D", "DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
        norm_num_groups=8,
    )
    noiser, average = diffusers.DDPMScheduler(**schedule), Ema(unet)
    adam = torch.optim.AdamW(unet.parameters(), RATE, fused=True)
    step = 0
    while (progress := watch.wall / seconds) < 1:
        clean = sprites.pictures[torch.randint(len(sprites.pictures), (BATCH,))]
        noise, when = torch.randn_like(clean), torch.randint(TIMES, (BATCH,))
        with execution.autocast():
            predicted = unet(noiser.add_noise(clean, noise, when), when).sample.float()
            loss = mse_loss(predicted, noiser.get_velocity(clean, noise, when))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        # a hundred steps to warm up, then down a cosine to the end of the budget
        adam.param_groups[0]["lr"] = min((step + 1) / 100, 1) * cosine_ramp(RATE, 0.0, progress)
        adam.step()
        adam.zero_grad()
        average.update(min(0.999, (1 + step) / (10 + step)))
        step += 1

    wall, cpu = watch.wall, watch.cpu

    def sample(count: int) -> tuple[torch.Tensor, None]:
        numbers, ddim = torch.Generator().manual_seed(seed), diffusers.DDIMScheduler(**schedule)
        ddim.set_timesteps(STEPS)
        parts = []
        with torch.inference_mode(), execution.autocast():
            for part in torch.randn(count, 4, 32, 32, generator=numbers).split(64):
                for when in ddim.timesteps:
                    part = ddim.step(average.module(part, when).sample.float(), when, part).prev_sample
                parts.append(part)
        return torch.cat(parts), None

    return Trained(sample, wall, cpu, step * BATCH, parameters(unet), {"diffusers": diffusers.__version__, "ddim_steps": STEPS})
