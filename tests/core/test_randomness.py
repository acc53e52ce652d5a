from __future__ import annotations

import torch
from scipy import stats

from paragone.randomness import derive, generator_for, latents, remembered


def test_same_purpose_same_numbers_other_purpose_other_numbers() -> None:
    assert torch.equal(torch.rand(5, generator=generator_for(1, "a", 2)), torch.rand(5, generator=generator_for(1, "a", 2)))
    seeds = {derive(seed, purpose, step) for seed in range(10) for purpose in "ab" for step in range(10)}
    assert len(seeds) == 200
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_a_row_depends_on_its_seed_alone() -> None:
    alone, together = latents([7], 32), latents([3, 7, 5], 32)
    assert torch.equal(alone[0], together[1])


def test_latents_are_standard_normal_across_neighbouring_seeds() -> None:
    rows = latents(range(2000), 8)
    assert stats.kstest(rows.flatten().numpy(), "norm").pvalue > 1e-3
    # the first number of each seed, which a weak seeding would correlate
    assert abs(stats.pearsonr(rows[:-1, 0].numpy(), rows[1:, 0].numpy()).statistic) < 0.1


def test_what_is_remembered_is_drawn_again_and_nothing_else_changes() -> None:
    torch.manual_seed(5)
    again = remembered(torch.device("cpu"))
    first, second = torch.rand(3), torch.rand(3)
    with again():
        assert torch.equal(torch.rand(3), first)
    torch.manual_seed(5)
    assert torch.equal(torch.rand(6), torch.cat([first, second]))
    with again():
        torch.rand(100)
    assert torch.equal(torch.rand(1), torch.rand(8, generator=torch.Generator().manual_seed(5))[6:7])
