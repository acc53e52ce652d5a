from __future__ import annotations

from collections import Counter

import pytest
import torch
from scipy.stats import chisquare

from paragone.clusters import Clusters
from paragone.errors import UsageError
from paragone.kinds import Kinds
from paragone.request import Request, Walk

CLUSTERS = Clusters(labels=(0, 0, 1, 1, 1), sizes=(3, 1, 2, 2, 4))
KINDS = Kinds(("cat", "dog"), CLUSTERS, "runs/x", "Train on more.")


def test_labels_are_drawn_alike_by_seeds() -> None:
    drawn = Counter(KINDS.label_of(seed) for seed in range(2000))
    assert chisquare([drawn["cat"], drawn["dog"]]).pvalue > 0.001
    assert KINDS.label_of(7) == KINDS.label_of(7)
    assert Kinds((), None, "", "").label_of(7) is None


@pytest.mark.parametrize(("kinds", "message"), [(KINDS, "unknown label 'dgo'"), (Kinds((), None, "runs/x", ""), "without labels")])
def test_labels_that_there_are_not(kinds: Kinds, message: str) -> None:
    kinds.check(None)
    KINDS.check("dog")
    with pytest.raises(UsageError, match=message):
        kinds.check("dgo")


def test_what_is_like_a_seed_is_of_its_label_and_cluster() -> None:
    for seed in range(30):
        label = KINDS.label_like(seed, None)
        assert label == KINDS.label_of(seed)
        assert KINDS.label_like(seed, "cat") == "cat"
        alike = [Request(other, label, 1.0, like=seed) for other in range(5)]
        assert KINDS.numbers(alike) == KINDS.numbers([Request(seed, label, 1.0)]) * 5  # type: ignore[operator]  # there are clusters
    with pytest.raises(UsageError, match="has no clusters") as caught:
        Kinds(("cat",), None, "runs/x", "Train on more.").label_like(3, "cat")
    assert "Train on more." in str(caught.value)


def test_numbers_are_of_clusters_or_else_of_labels() -> None:
    requests = [Request(seed, label, 1.0) for seed, label in ((0, "dog"), (1, "cat"))]
    assert KINDS.numbers(requests) == [CLUSTERS.draw(0, 1), CLUSTERS.draw(1, 0)]
    assert Kinds(("cat", "dog"), None, "", "").numbers(requests) == [1, 0]
    assert Kinds((), None, "", "").numbers([Request(0, None, 1.0)]) is None
    unlabelled = Clusters(labels=(0, 0), sizes=(5, 5))
    assert Kinds((), unlabelled, "", "").numbers([Request(4, None, 1.0)]) == [unlabelled.draw(4)]


def test_shares_lead_from_one_cluster_to_the_other_and_stay_where_all_are_alike() -> None:
    first = 0
    second = next(seed for seed in range(1, 99) if CLUSTERS.draw(seed, 1) != CLUSTERS.draw(first, 1))

    def way(like: int | None) -> list[Request]:
        return [Request(first, "dog", 1.0, Walk(second, step, 5), like) for step in range(5)]

    shares = KINDS.shares([*way(None), Request(first, "cat", 1.0)])
    assert isinstance(shares, torch.Tensor)
    assert torch.equal(shares[:5, CLUSTERS.draw(second, 1)], torch.linspace(0, 1, 5))
    assert torch.equal(shares.sum(1), torch.ones(6))
    assert shares[5, CLUSTERS.draw(first, 0)] == 1  # the one that is no walk
    alike = KINDS.shares(way(second))
    assert isinstance(alike, torch.Tensor)
    assert torch.equal(alike[:, CLUSTERS.draw(second, 1)], torch.ones(5))
    assert KINDS.shares([Request(first, "dog", 1.0)]) == [CLUSTERS.draw(first, 1)]
