"""The sprite race: every runner learns from the same sprites for as long, and is scored on sprites that none has seen.

    PARAGONE_BENCHMARK_MINUTES=3,10,30 PARAGONE_BENCHMARK_SEEDS=0,1,2 pytest -m benchmark -s tests/benchmarks/race

Minutes are of the clock: run nothing beside it. ``-k small`` picks a runner;
PARAGONE_BENCHMARK_RESULTS collects them.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from paragone.spec import Axis, SampleSpec

from .. import knobs
from ..machine import alternate
from ..pictures import save_sheet
from . import bare_dcgan, ddpm, paragone, torchgan_dcgan
from .runner import Runner, Sprites, Trained, Unavailable
from .scoring import GENERATED, score
from .sprites import split_sprites

pytestmark = pytest.mark.benchmark

RUNNERS: Mapping[str, Runner] = {
    "bare DCGAN": bare_dcgan.run,
    "torchgan DCGAN": torchgan_dcgan.run,
    "paragone dcgan": paragone.preset("dcgan", goes_on=True),
    "paragone small": paragone.preset("small"),
    "diffusers DDPM": ddpm.run,
}
DEFAULT_MINUTES = "3"
SPEC = SampleSpec((Axis("channels", 4, "channels"), Axis("height", 32, "pixels"), Axis("width", 32, "pixels")), traits={"alpha": "binary"})


@pytest.fixture(scope="module")
def halves() -> tuple[Sprites, Sprites]:
    return split_sprites()


def test_parts_share_no_picture(halves: tuple[Sprites, Sprites]) -> None:
    train, heldout = ({picture.numpy().tobytes() for picture in half.pictures} for half in halves)
    assert not train & heldout
    assert 0.1 < len(heldout) / (len(train) + len(heldout)) < 0.2
    assert halves[0].names == halves[1].names


def test_real_against_real(halves: tuple[Sprites, Sprites], capsys: pytest.CaptureFixture[str]) -> None:
    """What training sprites themselves score: no runner can be expected to do better."""
    train, heldout = halves
    some = torch.randperm(len(train.pictures), generator=torch.Generator().manual_seed(0))[:GENERATED]
    try:
        scores = score(train.pictures[some], train.numbers[some], train, heldout)
    except Unavailable as missing:
        pytest.skip(str(missing))
    del scores["nearest"]  # these very pictures are among the training ones
    with capsys.disabled():
        print(f"\n{'real':15} {_line(scores)}", end="")
    knobs.record({"benchmark": "race", "runner": "real", **scores})


@pytest.mark.parametrize("seed", knobs.seeds())
@pytest.mark.parametrize("name", RUNNERS)
def test_race(name: str, seed: int, halves: tuple[Sprites, Sprites], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.set_num_threads(knobs.threads())
    minutes = sorted(knobs.minutes(DEFAULT_MINUTES))
    try:
        for trained, budget in zip(RUNNERS[name](halves[0], [60 * each for each in minutes], seed, tmp_path), minutes, strict=True):
            row = {"runner": name, "minutes": budget, "seed": seed}
            generated, facts = _judge(trained, halves)
            with capsys.disabled():
                print("\n" + ", ".join(f"{key} {value}" for key, value in {**row, **facts}.items()), end="")
            knobs.record({"benchmark": "race", **row, **facts, "machine": platform.machine(), **trained.facts})
            save_sheet(generated[:64], SPEC, f"race-{name}-{budget:g}-{seed}".replace(" ", "-"))
            assert torch.isfinite(generated).all()
    except Unavailable as missing:
        pytest.skip(str(missing))


def _judge(trained: Trained, halves: tuple[Sprites, Sprites]) -> tuple[torch.Tensor, dict[str, float]]:
    """Pictures, and a row of the table."""
    watch = knobs.Watch.start()
    generated, numbers = trained.sample(GENERATED)
    sampled, generated = watch.wall, generated.clamp(-1, 1)
    return generated, {
        "shown": trained.shown,
        "wall_seconds": round(trained.wall, 1),
        "cpu_seconds": round(trained.cpu, 1),
        "samples_per_second": round(trained.shown / trained.wall, 1),
        "sampled_per_second": round(GENERATED / sampled, 1),
        "parameters": trained.parameters,
        **score(generated, numbers, *halves),
    }


def test_sampling_beside_the_diffusion_model(halves: tuple[Sprites, Sprites], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Pictures a second of `small` over those of the DDPM, in turns within one run; how long they trained does not matter."""
    torch.set_num_threads(knobs.threads())
    try:
        slow = next(RUNNERS["diffusers DDPM"](halves[0], [1.0], 0, tmp_path / "slow"))
    except Unavailable as missing:
        pytest.skip(str(missing))
    quick = next(RUNNERS["paragone small"](halves[0], [1.0], 0, tmp_path / "quick"))
    count = 64
    seconds = alternate(lambda: quick.sample(8 * count), lambda: slow.sample(count), rounds=3)
    rates = 8 * count / seconds[0], count / seconds[1]
    threads, times = torch.get_num_threads(), rates[0] / rates[1]
    with capsys.disabled():
        print(f"\n{threads} thread(s): small {rates[0]:.0f} pictures/s, DDPM {rates[1]:.1f}: {times:.0f} times as fast")
    knobs.record({"benchmark": "race sampling", "small": rates[0], "ddpm": rates[1]})


def test_diffusion_learns_what_is_easy(halves: tuple[Sprites, Sprites], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of flat pictures in two colours it makes flat pictures in both: what it makes of sprites is no fault of its runner."""
    torch.set_num_threads(knobs.threads())
    colours = torch.tensor([[0.8, -0.6, -0.6, 1.0], [-0.6, 0.2, 0.8, 1.0]])
    numbers = torch.arange(512) % len(colours)
    flat = replace(halves[0], pictures=colours[numbers][:, :, None, None].expand(-1, -1, 32, 32).contiguous(), numbers=numbers)
    try:
        made, _ = next(RUNNERS["diffusers DDPM"](flat, [60 * max(8.0, *knobs.minutes(DEFAULT_MINUTES))], 0, tmp_path)).sample(64)
    except Unavailable as missing:
        pytest.skip(str(missing))
    distances = torch.cdist(made.mean((2, 3)), colours) / 2  # root of the mean square over channels
    each, grain = distances.argmin(1).bincount(minlength=2), made.std((2, 3)).mean()
    with capsys.disabled():
        print(f"\nflat pictures: {distances.amin(1).mean():.3f} from the nearer colour, grain {grain:.3f}, {each.tolist()} of each", end="")
    assert distances.amin(1).mean() < 0.1
    assert grain < 0.1
    assert each.min() >= 16


def _line(scores: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in scores.items())
