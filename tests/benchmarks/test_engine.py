"""What the engine costs over a bare loop, and how much of the machine it uses."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

import pytest
import torch
from torch.nn.functional import softplus

from paragone import api
from paragone.allocator import keep_freed_memory
from paragone.data import Order
from paragone.trainer import Trainer

from .machine import alternate, count_work, matmul_rate

pytestmark = pytest.mark.benchmark


@pytest.fixture(autouse=True)
def _all_cores() -> Iterator[None]:
    torch.set_num_threads(2)
    keep_freed_memory()
    yield
    torch.set_num_threads(1)


def small(**settings: object) -> Trainer:
    plan = api.plan("image", layers=[("", {"train.preset": "small", "train.samples": 10**9, "train.device": "cpu", **settings})])
    return Trainer(plan.players, plan.dataset, plan.settings, plan.execution)


def bare_loop(trainer: Trainer) -> Callable[[], None]:
    """One step with the same networks, game, penalty, batch and precision, written out by hand."""
    players, dataset, settings = copy.deepcopy(trainer.players), trainer.dataset, trainer.settings
    generator, discriminator = players.generator, players.discriminator
    average = [parameter.detach().clone() for parameter in generator.parameters()]
    rates = {"lr": settings.generator.learning_rate, "betas": (settings.generator.beta1, settings.generator.beta2)}
    adam_g = torch.optim.Adam(generator.parameters(), fused=True, **rates)  # type: ignore[arg-type]  # a table of both
    adam_d = torch.optim.Adam(discriminator.parameters(), fused=True, **rates)  # type: ignore[arg-type]  # as above
    batch, sigma, gamma, every = settings.train.batch, settings.penalty.sigma, settings.penalty.fd_r1, settings.penalty.every
    order = Order(0, len(dataset), dataset.numbers, settings.train.group)
    cpu, count = torch.device("cpu"), 0

    def step() -> None:
        nonlocal count
        real, label = dataset.batch(order(count * batch, batch), cpu)
        discriminator.requires_grad_(True)
        with torch.autocast("cpu", torch.bfloat16, enabled=trainer.execution.bf16):
            with torch.no_grad():
                fake = generator(torch.randn(batch, generator.latent_size), label).float()  # type: ignore[call-overload]  # nn.Module hides it
            judged_real, judged_fake = discriminator(real, label).float(), discriminator(fake, label).float()
            loss = softplus(-judged_real).mean() + softplus(judged_fake).mean()
            if count % every == 0:
                for samples, logits in ((real, judged_real), (fake, judged_fake)):
                    moved = discriminator(samples + sigma * torch.randn_like(samples), label).float()
                    loss = loss + every * gamma / 2 * ((moved - logits) / sigma).square().mean()
        loss.backward()
        adam_d.step()
        adam_d.zero_grad()
        discriminator.requires_grad_(False)
        with torch.autocast("cpu", torch.bfloat16, enabled=trainer.execution.bf16):
            made = generator(torch.randn(batch, generator.latent_size), label)  # type: ignore[call-overload]  # as above
            loss = softplus(-discriminator(made, label).float()).mean()
        loss.backward()
        adam_g.step()
        adam_g.zero_grad()
        with torch.no_grad():
            torch._foreach_lerp_(average, list(generator.parameters()), 0.01)
        count += 1

    return step


def test_engine_over_bare_loop(capsys: pytest.CaptureFixture[str]) -> None:
    """Time per step over that of a loop by hand, both with penalties every fourth step: at most 1.05."""
    trainer = small(**{"augment.mode": "none", "reconstruction.features": 0.0, "reconstruction.samples": 0.0})
    bare = bare_loop(trainer)
    for _ in range(8):
        trainer.advance(0.0)
        bare()

    def four(step: Callable[[], object]) -> Callable[[], None]:
        return lambda: [step() for _ in range(4)] and None

    mine, theirs = alternate(four(lambda: trainer.advance(0.0)), four(bare), rounds=25)
    with capsys.disabled():
        print(f"\ntrainer {mine / 4 * 1e3:.1f} ms, bare loop {theirs / 4 * 1e3:.1f} ms a step: ratio {mine / theirs:.3f}")
    assert mine / theirs <= 1.05


def test_share_of_the_matmul_rate(capsys: pytest.CaptureFixture[str]) -> None:
    """Floating-point work per second of `small`'s whole step, over the machine's bf16 matrix product."""
    trainer = small(**{"augment.p": 0.3})
    for _ in range(8):
        trainer.advance(0.0)
    work = count_work(lambda: [trainer.advance(0.0) for _ in range(4)]) / 4
    a, b = torch.randn(2, 2048, 2048).bfloat16()
    step, product = alternate(lambda: [trainer.advance(0.0) for _ in range(4)], lambda: a @ b, rounds=20)
    rate, peak = work / (step / 4), 2 * 2048**3 / product
    images = trainer.settings.train.batch / (step / 4)
    with capsys.disabled():
        print(f"\n{work / 1e9 / trainer.settings.train.batch:.3f} GFLOP an image, {images:.0f} images/s, {rate / 1e9:.0f} GFLOP/s")
        print(f"bf16 matmul {peak / 1e9:.0f} GFLOP/s (best {matmul_rate(torch.bfloat16) / 1e9:.0f}): share {rate / peak:.2f}")
    assert rate / peak > 0.1


def test_what_keeping_freed_memory_gains(capsys: pytest.CaptureFixture[str]) -> None:
    """Time per step in a fresh process with and without :mod:`paragone.allocator`."""
    import subprocess
    import sys

    code = """
import sys, time, torch
sys.path.insert(0, sys.argv[2])
from benchmarks.test_engine import small
from paragone.allocator import keep_freed_memory
torch.set_num_threads(2)
if sys.argv[1] == "keep":
    keep_freed_memory()
trainer = small()
for _ in range(8):
    trainer.advance(0.0)
begun = time.perf_counter()
for _ in range(40):
    trainer.advance(0.0)
print((time.perf_counter() - begun) / 40)
"""
    from pathlib import Path

    def seconds(mode: str) -> float:
        tests = str(Path(__file__).parents[1])
        done = subprocess.run([sys.executable, "-c", code, mode, tests], capture_output=True, text=True, check=True)
        return float(done.stdout)

    pairs = [(seconds(""), seconds("keep")) for _ in range(3)]
    with capsys.disabled():
        print(
            "\n"
            + "\n".join(f"{a * 1e3:.1f} ms a step, {b * 1e3:.1f} ms with freed memory kept: {a / b:.2f} times as fast" for a, b in pairs)
        )
    assert min(b / a for a, b in pairs) < 1.0


def test_threads_beside_a_busy_program(capsys: pytest.CaptureFixture[str]) -> None:
    """Pictures a second of `small` on one thread and on two, alone and beside one program that never rests."""
    import subprocess
    import sys
    import time

    trainer = small(**{"train.threads": 2})

    def rate(threads: int) -> float:
        torch.set_num_threads(threads)
        trainer.advance(0.0)
        steps, begun = 0, time.perf_counter()
        while time.perf_counter() - begun < 6:
            trainer.advance(0.0)
            steps += 1
        return steps * trainer.settings.train.batch / (time.perf_counter() - begun)

    alone = {threads: rate(threads) for threads in (2, 1)}
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        beside = {threads: rate(threads) for threads in (2, 1)}
    finally:
        busy.kill()
        busy.wait()
    with capsys.disabled():
        print(f"\ntwo threads: {alone[2]:.0f} alone, {beside[2]:.0f} beside; one thread: {alone[1]:.0f} alone, {beside[1]:.0f} beside")
    assert beside[1] > 0.5 * alone[1]
