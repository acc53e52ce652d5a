from __future__ import annotations

import pytest
import torch
from scipy import stats

from paragone_text.critic import chance, choose


def test_chances_are_of_the_gumbel_distribution_and_each_its_own() -> None:
    drawn = [chance(seed, attempt) for seed in range(50) for attempt in range(40)]
    assert len(set(drawn)) == 2000
    assert stats.kstest(drawn, stats.gumbel_r.cdf).pvalue > 0.01
    assert chance(7, 3) == drawn[7 * 40 + 3]


def test_a_candidate_is_drawn_in_proportion_to_the_exponential_of_its_logit() -> None:
    logits = torch.tensor([0.0, 2.0, -1.0, 1.0])
    picked = [choose(logits, torch.tensor([chance(seed, attempt) for attempt in range(4)])) for seed in range(4000)]
    counts = torch.bincount(torch.tensor(picked), minlength=4)
    assert stats.chisquare(counts, 4000 * logits.double().softmax(0)).pvalue > 0.01


@pytest.mark.parametrize("ratio", [(0.2, 0.8), (0.5, 0.5)])
def test_with_many_candidates_what_is_chosen_is_distributed_as_the_data(ratio: tuple[float, float]) -> None:
    """Two values: the generator makes them alike, the data has them at ``ratio``, and the logits are those of the best discriminator."""
    made = torch.randint(2, (3000, 64), generator=torch.Generator().manual_seed(0))
    logits = torch.tensor(ratio).div(0.5).log()
    noise = torch.rand(3000, 64, generator=torch.Generator().manual_seed(1)).log().neg().log().neg()
    chosen = torch.stack([row[choose(logits[row], chances)] for row, chances in zip(made, noise, strict=True)])
    assert chosen.float().mean().item() == pytest.approx(ratio[1], abs=0.03)
