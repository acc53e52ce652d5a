"""Jensen-Shannon divergence, against SciPy and closed forms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from scipy.spatial.distance import jensenshannon

from paragone.evaluation.evidence import Evidence
from paragone_text.bpe import BytePairs
from paragone_text.evaluation import divergence
from paragone_text.evaluation.divergence import edges

Make = Callable[..., Evidence]


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_n_grams_are_those_of_all_texts_together(evidence: Make, names: list[str], length: int) -> None:
    made, real = names[:150], names[150:400]
    p, q = (Counter(text[start : start + length] for text in texts for start in range(len(text) - length + 1)) for texts in (made, real))
    events = sorted(p.keys() | q.keys())
    expected = jensenshannon([p[event] for event in events], [q[event] for event in events], base=2) ** 2
    score = getattr(divergence, f"js_{length}")(evidence(made), evidence(real))
    assert score.value == pytest.approx(expected, abs=1e-9)
    assert not score.doubt


def test_words_are_counted_where_the_tokenizer_is_not_of_characters(evidence: Make) -> None:
    """Two words of two characters each, the characters the same, the words not."""
    made, real = (evidence([text] * 100, tokenizer=BytePairs([])) for text in ("ab cd", "cd ab"))
    assert divergence.js_1(made, real).value == 0
    assert divergence.js_2(made, real).value == pytest.approx(1)
    assert divergence.js_3(made, real).value is None


def test_a_text_on_its_own_is_itself_and_shuffled_it_is_not(evidence: Make, names: list[str]) -> None:
    real = evidence(names[:300])
    backwards = evidence([name[::-1] for name in names[:300]])
    assert divergence.js_3(real, real).value == 0
    assert divergence.js_1(backwards, real).value == 0
    other, reversed_ = divergence.js_3(evidence(names[300:600]), real).value, divergence.js_3(backwards, real).value
    assert other is not None
    assert reversed_ is not None
    assert 0 < other < reversed_ < 1


def test_fewer_texts_give_a_higher_value_and_a_doubt(evidence: Make, names: list[str]) -> None:
    """The bias that the module warns of."""
    reference = evidence(names[:1000])
    few, many = (divergence.js_3(evidence(names[1000 : 1000 + count]), reference) for count in (60, 1000))
    assert few.value is not None
    assert many.value is not None
    assert few.value > 1.2 * many.value
    assert "60 samples" in few.doubt
    assert not many.doubt


def test_edges_see_the_ends_and_nothing_between(evidence: Make) -> None:
    real = evidence(["abcz", "abz"] * 100)
    assert edges(evidence(["az", "axyz"] * 100), real).value == 0
    assert edges(evidence(["bz", "bz"] * 100), real).value == pytest.approx(0.5)
    assert edges(evidence(["zzza", ""] * 100), real).value == pytest.approx(1)
    assert edges(evidence([]), real).value is None
    assert "3 samples" in edges(evidence(["a"] * 3), real).doubt


def test_texts_too_short_for_an_n_gram_have_no_score(evidence: Make) -> None:
    score = divergence.js_4(evidence(["ab", "abc"]), evidence(["abcde"]))
    assert score.value is None
    assert "4 units" in score.doubt
