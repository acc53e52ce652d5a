from __future__ import annotations

import pytest
import torch
from torch import nn

from paragone.errors import DivergenceError, PluginError
from paragone.execution import Execution
from paragone.generating import CHUNK, generate, in_chunks, made_in_parallel
from paragone.spec import Axis, SampleSpec

HERE = Execution(torch.device("cpu"))
TOKENS = SampleSpec((Axis("position", 3, "tokens", vocabulary=2**40, padding=0),), "int64", 0, 2**40 - 1)
NUMBERS = SampleSpec((Axis("entry", 3, "features"),))


class Given(nn.Module):
    """Returns what it is asked for, multiplied, as another type."""

    def __init__(self, factor: float, dtype: torch.dtype) -> None:
        super().__init__()
        self.factor, self.dtype = factor, dtype

    def forward(self, latent: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        return (latent.double() * self.factor).to(self.dtype)


class Layer(nn.Linear):
    def forward(self, latent: torch.Tensor, label: torch.Tensor | None = None) -> torch.Tensor:
        return super().forward(latent).tanh()


@pytest.mark.parametrize("count", [1, CHUNK - 1, CHUNK, 2 * CHUNK + 3])
def test_every_call_has_the_same_size_and_every_row_its_own_label(count: int) -> None:
    sizes = []

    def network(rows: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        assert label is not None
        sizes.append((len(rows), len(label)))
        return rows[:, 0] + 1000 * label

    rows = torch.arange(count, dtype=torch.float64)[:, None]
    found = in_chunks(network, rows, [index % 3 for index in range(count)], HERE.device)
    assert found.tolist() == [index + 1000 * (index % 3) for index in range(count)]
    assert set(sizes) == {(CHUNK, CHUNK)}


@pytest.mark.parametrize("parallel", [False, True])
def test_all_cores_or_one_give_the_same(parallel: bool) -> None:
    rows, threads = torch.arange(5 * CHUNK + 3.0)[:, None], torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        found = in_chunks(lambda rows, label: rows[:, 0] ** 2, rows, None, HERE.device, parallel)
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(found, rows[:, 0] ** 2)


def test_small_samples_on_a_cpu_have_a_core_each() -> None:
    large = SampleSpec((Axis("entry", 2**16 + 1, "features"),))
    small, wide = nn.Linear(1, 1), nn.Linear(2**11, 2**11, device="meta")
    assert [made_in_parallel(small, spec, HERE) for spec in (NUMBERS, TOKENS, large)] == [True, False, False]
    assert not made_in_parallel(wide, NUMBERS, HERE)
    assert not made_in_parallel(small, NUMBERS, Execution(torch.device("meta")))


def test_a_caller_s_autocast_changes_no_sample() -> None:
    layer, latent = Layer(3, 3), torch.randn(2 * CHUNK, 3)
    alone = generate(layer, NUMBERS, HERE, latent[:3], None)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(generate(layer, NUMBERS, HERE, latent[:3], None), alone)
        assert torch.equal(generate(layer, NUMBERS, HERE, latent, None)[:3], alone)


def test_tokens_keep_their_type_and_value() -> None:
    latent = torch.arange(60, dtype=torch.float64).view(20, 3)
    samples = generate(Given(2.0**24 + 1, torch.int64), TOKENS, HERE, latent, None)
    assert samples.dtype == torch.int64
    assert samples[19].tolist() == [57 * (2**24 + 1), 58 * (2**24 + 1), 59 * (2**24 + 1)]  # float32 has no such number


@pytest.mark.parametrize(("factor", "dtype"), [(-1.0, torch.int64), (2.0**41, torch.int64), (1.0, torch.float32)])
def test_tokens_of_no_vocabulary_are_refused(factor: float, dtype: torch.dtype) -> None:
    with pytest.raises(PluginError, match="do not fit their description"):
        generate(Given(factor, dtype), TOKENS, HERE, torch.ones(2, 3), None)


class Wrong(nn.Module):
    """Makes samples of another shape than their description, or fails."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, latent: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        return latent.reshape(self.shape)


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        ((CHUNK, 1, 3), r"shape \(2, 1, 3\) where \(2, 3\) was wanted"),
        ((3 * CHUNK,), r"shape \(2,\) where \(2, 3\) was wanted"),
        ((CHUNK, 4), "fails: RuntimeError"),
    ],
)
@pytest.mark.parametrize("spec", [NUMBERS, TOKENS])
def test_a_wrong_forward_pass_is_told_with_the_generator_s_name(spec: SampleSpec, shape: tuple[int, ...], told: str) -> None:
    with pytest.raises(PluginError, match=told) as error:
        generate(Wrong(shape), spec, HERE, torch.ones(2, 3), None)
    assert str(error.value.where).endswith(":Wrong")


def test_numbers_are_brought_into_their_range() -> None:
    samples = generate(Given(3.0, torch.bfloat16), NUMBERS, HERE, torch.tensor([[-1.0, 0.25, 1.0]]), None)
    assert samples.dtype == torch.float32
    assert samples.tolist() == [[-1.0, 0.75, 1.0]]
    with pytest.raises(DivergenceError, match="not finite"):
        generate(Given(float("nan"), torch.float32), NUMBERS, HERE, torch.ones(2, 3), None)
