"""Training speed and memory on an accelerator: two presets, three sizes, two precisions, the generator compiled or not.

The bundled sprites, each preset with its own batch, game and penalties. A row is a
whole step of both players. Its share is its floating-point work a second over that of
the largest matrix product in the same precision (TF32 where it says fp32: that is what
torch's convolutions do there unless told otherwise).

    pytest -m benchmark -s tests/benchmarks/test_accelerator.py -k "eager or 32"
"""

from __future__ import annotations

import time

import pytest
import torch

from paragone import api
from paragone.execution import Execution
from paragone.trainer import Trainer

from . import knobs
from .machine import count_work, matmul_rate, synchronise

pytestmark = pytest.mark.benchmark

PARTS = {"small": {32: 1, 64: 1, 128: 1}, "r3gan": {32: 2, 64: 4, 128: 8}}
"""Parts that a batch is cut into, so that each fits the memory."""
SECONDS = 3.0


@pytest.fixture(scope="module")
def device() -> torch.device:
    chosen = Execution.choose().device
    if chosen.type == "cpu":
        pytest.skip("no accelerator here")
    return chosen


@pytest.fixture(scope="module")
def peaks(device: torch.device) -> dict[str, float]:
    """Floating-point operations a second of a large matrix product, by precision."""
    before = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = True
    rates = {name: matmul_rate(kind, size=8192, device=device) for name, kind in (("fp32", torch.float32), ("bf16", torch.bfloat16))}
    torch.backends.cuda.matmul.allow_tf32 = before
    return rates


def trainer(preset: str, size: int, **settings: object) -> Trainer:
    """On the bundled sprites, not begun."""
    given = {"train.preset": preset, "data.size": f"{size}x{size}", "train.samples": 10**9, "train.accumulate": PARTS[preset][size]}
    plan = api.plan("image", layers=[("", given | {f"train.{name}": value for name, value in settings.items()}), ("", knobs.overrides())])
    return Trainer(plan.players, plan.dataset, plan.settings, plan.execution)


def test_the_work_of_a_grouped_convolution() -> None:
    """2·B·C'·(C/g)·k²·H·W for itself, and as much for each of its two gradients."""
    layer, x = torch.nn.Conv2d(8, 12, 3, padding=1, groups=4), torch.randn(2, 8, 5, 7, requires_grad=True)
    itself = 2 * 2 * 12 * (8 // 4) * 3**2 * 5 * 7
    assert count_work(lambda: layer(x)) == itself
    assert count_work(lambda: layer(x).sum().backward()) == 3 * itself


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("size", [32, 64, 128])
@pytest.mark.parametrize("preset", PARTS)
def test_speed(
    preset: str,
    size: int,
    precision: str,
    compiled: bool,
    device: torch.device,
    peaks: dict[str, float],
    capsys: pytest.CaptureFixture[str],
) -> None:
    training = trainer(preset, size, device=device.type, precision=precision, compile=compiled)
    round_of = training.settings.penalty.every  # steps until all penalties had their turn

    def steps() -> int:
        for _ in range(round_of):
            training.advance(0.5)
        synchronise(device)
        return round_of * training.settings.train.batch

    begun = time.perf_counter()
    steps()
    first = time.perf_counter() - begun  # with compilation, if any
    steps()
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    shown, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < SECONDS:
        shown += steps()
    rate = shown / (time.perf_counter() - begun)
    memory = torch.cuda.max_memory_allocated(device) / 2**30 if device.type == "cuda" else 0.0
    work = 0.0 if compiled else count_work(steps) / (round_of * training.settings.train.batch)
    share = rate * work / peaks[precision]
    facts = {"samples_per_second": round(rate, 1), "gflop": round(work / 1e9, 2), "share": round(share, 4), "memory_gib": round(memory, 2)}
    with capsys.disabled():
        rest = "" if compiled else f", {facts['gflop']} GFLOP a sample, {share:.1%} of {peaks[precision] / 1e12:.0f} TFLOP/s"
        way = "compiled" if compiled else "eager"
        print(f"\n{preset} {size} {precision} {way}: {rate:.0f}/s, {memory:.1f} GiB, first steps {first:.0f} s{rest}", end="", flush=True)
    row = {"preset": preset, "size": size, "precision": precision, "compiled": compiled, "batch": training.settings.train.batch}
    knobs.record({"benchmark": "accelerator", **row, **facts})
    training.check_weights()
