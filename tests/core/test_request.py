from __future__ import annotations

import itertools
import math

import pytest
import torch

from paragone.randomness import latents
from paragone.request import Request, Walk, slerp


def test_the_way_between_is_a_circle_s_arc() -> None:
    """In the plane, rotations by equal angles."""
    first = torch.tensor([1.0, 0.0])
    second = torch.tensor([math.cos(1.2), math.sin(1.2)])
    for share in (0.0, 0.25, 0.5, 0.9, 1.0):
        wanted = torch.tensor([math.cos(1.2 * share), math.sin(1.2 * share)])
        assert torch.allclose(slerp(first, second, share), wanted, atol=1e-6)


def test_the_ends_are_the_latents_bit_for_bit() -> None:
    first, second = latents([3, 9], 64)
    assert torch.equal(slerp(first, second, 0.0), first)
    assert torch.equal(slerp(first, second, 1.0), second)


def test_what_lies_between_is_as_long_as_a_latent() -> None:
    lengths = torch.stack([slerp(*latents([seed, seed + 1], 64), 0.5) for seed in range(0, 200, 2)]).norm(dim=1)
    straight = torch.stack([latents([seed, seed + 1], 64).mean(0) for seed in range(0, 200, 2)]).norm(dim=1)
    assert lengths.mean() == pytest.approx(8.0, rel=0.03)  # √64
    assert straight.mean() == pytest.approx(8.0 / math.sqrt(2), rel=0.05)


@pytest.mark.parametrize("factor", [2.0, -2.0, 0.0])
def test_where_there_is_no_arc_it_is_a_straight_line(factor: float) -> None:
    first = torch.tensor([0.3, -0.4, 1.0])
    assert torch.allclose(slerp(first, factor * first, 0.25), first * (0.75 + 0.25 * factor))


def test_an_attempt_is_another_latent_of_the_same_seed() -> None:
    request = Request(7, None, 0.5)
    assert torch.equal(request.latent(9), 0.5 * latents([7], 9)[0])
    drawn = torch.stack([Request(seed, None, 1.0).latent(8, attempt) for seed in range(30) for attempt in range(30)])
    assert len({tuple(row.tolist()) for row in drawn}) == 900
    assert drawn.std() == pytest.approx(1.0, abs=0.03)
    assert torch.equal(drawn[31], Request(1, None, 1.0).latent(8, 1))


def test_a_walk_begins_and_ends_at_its_seeds_in_every_attempt() -> None:
    for attempt in (0, 3):
        steps = [Request(3, None, 0.7, Walk(9, step, 5)).latent(16, attempt) for step in range(5)]
        assert torch.equal(steps[0], Request(3, None, 0.7).latent(16, attempt))
        assert torch.equal(steps[-1], Request(9, None, 0.7).latent(16, attempt))
        apart = [float((a - b).norm()) for a, b in itertools.pairwise(steps)]
        assert max(apart) < 0.4 * float((steps[0] - steps[-1]).norm())


def test_no_two_requests_of_a_command_have_the_same_name() -> None:
    walks = [Request(3, None, 1.0, Walk(9, step, 12)).name for step in range(12)]
    assert walks == sorted(walks)
    assert walks[0] == "3-to-9-01-of-12"
    assert len({*walks, Request(3, None, 1.0).name, Request(9, None, 1.0).name}) == 14


def test_the_nearer_seed() -> None:
    assert Request(3, None, 1.0).nearest_seed == 3
    assert [Request(3, None, 1.0, Walk(9, step, 5)).nearest_seed for step in range(5)] == [3, 3, 3, 9, 9]
