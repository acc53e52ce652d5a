"""Temperature, prefix, suffix, pattern, novelty and the critic, with a generator whose every probability is known."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from bigrams import Generator
from scipy import stats

from paragone.errors import DataError, NothingFound, RunError, UsageError
from paragone.randomness import latents
from paragone.sampler import Sampler
from paragone_text import critic, tokenizer
from paragone_text.bpe import BytePairs
from paragone_text.choosing import TextChooser
from paragone_text.config import TextSample

from .conftest import ENGLAND, GERMANY, Make

SHORT = ["Ulm", "Ulmen", "Hof", "Ahl", "Ahlen", "Bonn", "Bohn", "Hohn"]


def first_letters(texts: list[str]) -> dict[str, int]:
    return {letter: sum(text.startswith(letter) for text in texts) for letter in sorted({text[0] for text in texts})}


def fits(sampler: Sampler, counts: dict[str, int], logits: torch.Tensor) -> bool:
    """Whether tokens came as often as the softmax of ``logits`` says; what hardly ever comes is put together."""
    kind = tokenizer.of(sampler.spec)
    wanted = logits.double().softmax(0) * sum(counts.values())
    found = torch.tensor([counts.get(kind.decode([token]), 0) for token in range(kind.vocabulary)], dtype=torch.float64)
    often = wanted > 5
    pair = [torch.cat([each[often], each[~often].sum()[None]]) if wanted[~often].sum() > 1 else each[often] for each in (found, wanted)]
    return bool(stats.chisquare(pair[0], pair[1] * pair[0].sum() / pair[1].sum()).pvalue > 0.01)


def table(sampler: Sampler) -> torch.Tensor:
    assert isinstance(sampler.generator, Generator)
    return sampler.generator.table


def test_where_nothing_is_asked_for_it_is_the_generator_s_own(make: Make) -> None:
    sampler = make()
    batch = sampler.sample(range(40))
    numbers = torch.tensor([sampler.labels.index(label) for label in batch.labels if label])
    assert torch.equal(batch.samples, sampler.generator(latents(range(40), 12), numbers))
    assert batch.facts == []


def test_texts_are_saved_as_files_too(make: Make, tmp_path: Path) -> None:
    sampler = make()
    batch = sampler.sample([4, 7], "England", options=TextSample(suffix="ord"))
    paths = batch.save(tmp_path / "out")
    assert [path.name for path in paths] == ["4.json", "7.json", "sheet.txt"]
    content = json.loads(paths[1].read_text(encoding="utf-8"))
    assert content["text"] == batch.lines()[1]
    assert content["provenance"]["options"]["suffix"] == "ord"
    assert content["provenance"]["chosen"] == batch.facts[1]
    assert paths[2].read_text(encoding="utf-8").splitlines()[:2] == batch.lines()


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_the_temperature_divides_the_logits(make: Make, temperature: float) -> None:
    sampler = make()
    texts = sampler.sample(range(1500), "England", options=TextSample(temperature=temperature)).lines()
    logits = table(sampler)[0, -1] / temperature
    logits[0] = -torch.inf  # an empty text is none
    assert fits(sampler, first_letters(texts), logits)
    assert not fits(sampler, first_letters(texts), logits * temperature)


def test_a_prefix_is_kept_and_what_follows_is_as_likely_as_ever(make: Make) -> None:
    sampler = make()
    texts = sampler.sample(range(1000), "Germany", options=TextSample(prefix="Old")).lines()
    assert all(text.startswith("Old") for text in texts)
    kind = tokenizer.of(sampler.spec)
    followers = [text[3:4] for text in texts]
    assert fits(sampler, {letter: followers.count(letter) for letter in set(followers)}, table(sampler)[1, kind.encode("d")[0]])


def test_a_prefix_that_ends_inside_a_token_is_continued_in_all_ways(make: Make) -> None:
    names = ["Oldenburg", "Olten", "Olm", "Olbernhau", "Oldham", *GERMANY[:5]]
    parts = BytePairs.train(names * 5, 290)
    sampler = make(names, kind=parts)
    batch = sampler.sample(range(400), options=TextSample(prefix="Ol"))
    assert all(text.startswith("Ol") for text in batch.lines())
    assert len(set(batch.samples[:, 0].tolist())) > 1  # "Ol" itself, and tokens that go beyond it
    plain = [text for text in sampler.sample(range(1600)).lines() if text.startswith("Ol")]
    for name in names[:5]:
        often, found = plain.count(name) / len(plain), batch.lines().count(name) / 400
        assert found == pytest.approx(often, abs=4 * (often * (1 - often) * (1 / 400 + 1 / len(plain))) ** 0.5)


def test_suffix_and_pattern_are_kept(make: Make) -> None:
    sampler = make()
    options = TextSample(suffix="burg", pattern="^[^aeo]+[aeo]")
    batch = sampler.sample(range(30), "Germany", options=options)
    for text in batch.lines():
        assert text.endswith("burg")
        assert re.search("^[^aeo]+[aeo]", text)
    assert len(set(batch.lines())) > 5


@pytest.mark.parametrize("pattern", ["{e}", "a{1}{i<=3}", "[a]{s}"])
def test_what_means_something_else_to_regex_is_refused(pattern: str) -> None:
    with pytest.raises(UsageError, match=r"a \{ that is no repetition"):
        TextSample(pattern=pattern)


def test_braces_that_mean_the_same_are_taken() -> None:
    for pattern in ("a{2}", "a{2,}b{,3}", "[ab]{1,2}", r"\{e}", "[{e}]", "[]{]"):
        assert TextSample(pattern=pattern).pattern == pattern


def test_a_pattern_may_match_anywhere(make: Make) -> None:
    assert all("rd" in text for text in make().sample(range(20), "England", options=TextSample(pattern="rd")).lines())


def test_the_first_attempt_that_will_do_is_taken(make: Make) -> None:
    sampler = make()
    kind = tokenizer.of(sampler.spec)
    batch = sampler.sample(range(50), "England", options=TextSample(pattern="^Lon"))
    for seed in (0, 17, 49):
        facts = batch.facts[seed]
        tries = torch.stack([latents([seed], 12, attempt)[0] for attempt in range(facts["attempts"])])
        texts = [kind.decode(row.tolist()) for row in sampler.generator(tries, torch.zeros(len(tries), dtype=torch.int64))]
        assert [text.startswith("Lon") for text in texts] == [False] * facts["attempt"] + [True]
        assert facts["attempts"] == facts["attempt"] + 1
        assert texts[-1] == batch.lines()[seed]
    assert max(facts["attempts"] for facts in batch.facts) > 16


ALL = TextSample(temperature=1.3, prefix="L", suffix="n", pattern="o", novel=True, critic=3)


@pytest.mark.parametrize(
    "options",
    [TextSample(temperature=0.7), TextSample(pattern="^L"), TextSample(critic=5), TextSample(novel=True), ALL],
    ids=["temperature", "pattern", "critic", "novel", "all"],
)
def test_a_text_depends_on_its_seed_alone(make: Make, options: TextSample) -> None:
    sampler = make(likes="o")
    batch = sampler.sample(range(20), "England", options=options)
    for seed in (0, 7, 19):
        alone = sampler.sample([seed], "England", options=options)
        assert torch.equal(alone.samples[0], batch.samples[seed])
        assert alone.facts[0] == batch.facts[seed]
    backwards = sampler.sample(range(19, -1, -1), "England", options=options)
    assert torch.equal(backwards.samples.flip(0), batch.samples)
    walk = sampler.walk(3, 9, 5, "England", options=options)
    assert torch.equal(walk.samples[[0, -1]], batch.samples[[3, 9]])
    assert [walk.facts[0], walk.facts[-1]] == [batch.facts[3], batch.facts[9]]


def test_the_critic_chooses_among_the_first_that_will_do(make: Make) -> None:
    sampler = make(likes="o")
    batch = sampler.sample(range(60), "England", options=TextSample(pattern="[nd]", critic=4))
    plain = sampler.sample(range(60), "England", options=TextSample(pattern="[nd]"))
    kind = tokenizer.of(sampler.spec)
    for seed in (0, 31, 59):
        facts = batch.facts[seed]
        tries = torch.stack([latents([seed], 12, attempt)[0] for attempt in range(facts["attempts"])])
        texts = [kind.decode(row.tolist()) for row in sampler.generator(tries, torch.zeros(len(tries), dtype=torch.int64))]
        candidates = [attempt for attempt, text in enumerate(texts) if re.search("[nd]", text)]
        assert len(candidates) == facts["candidates"] == 4
        best = max(candidates, key=lambda attempt: texts[attempt].count("o") + critic.chance(seed, attempt))
        assert (facts["attempt"], batch.lines()[seed]) == (best, texts[best])
        assert facts["score"] == texts[best].count("o")
    assert batch.scores() == [facts["score"] for facts in batch.facts]
    more, fewer = (sum(text.count("o") for text in each.lines()) for each in (batch, plain))
    assert more > 1.3 * fewer


def test_without_a_discriminator_there_is_no_critic(make: Make) -> None:
    sampler = make()
    sampler.run.discriminator.unlink()
    with pytest.raises(RunError, match="holds no discriminator"):
        sampler.sample([1], options=TextSample(critic=2))


@pytest.mark.parametrize("game", ["least-squares", "hinge", "wasserstein"])
def test_of_games_without_odds_there_is_no_critic(make: Make, game: str) -> None:
    sampler = make()
    sampler.settings = sampler.settings.replace("train", objective=game)
    with pytest.raises(UsageError, match=f"critic: the discriminator of the game {game} does not say how much likelier"):
        sampler.sample([1], options=TextSample(critic=2))


def test_copies_are_dropped_and_told(make: Make) -> None:
    sampler = make(SHORT)
    told: list[str] = []
    batches = list(sampler.stream(range(100), options=TextSample(novel=True), note=told.append))
    texts = [text for batch in batches for text in batch.lines()]
    facts = [each for batch in batches for each in batch.facts]
    assert not set(texts) & set(SHORT)
    assert set(sampler.sample(range(100)).lines()) & set(SHORT)  # else there would be nothing to drop
    copies = sum(each["copies"] for each in facts)
    assert [each["attempts"] for each in facts] == [each["copies"] + 1 for each in facts]
    assert all(each["nearest"] in SHORT and each["distance"] > 0 for each in facts)
    half = sorted(each["distance"] for each in facts)[50]
    assert told == [
        f"copies: {copies} of {copies + 100} texts ({copies / (copies + 100):.1%}) stand in the training data and were dropped; "
        f"of the others, half are {half} edits or more from the nearest training text"
    ]


def test_nothing_is_new_where_the_generator_only_repeats(make: Make) -> None:
    sampler = make(["a", "aaa"])
    with torch.no_grad():
        for before, token in ((2, 1), (1, 0), (0, 0)):  # an "a" first, the end after it
            table(sampler)[0, before] = torch.nn.functional.one_hot(torch.tensor(token), 2) * 60.0
    told: list[str] = []
    with pytest.raises(NothingFound) as caught:
        list(sampler.stream([0], options=TextSample(novel=True, effort=40), note=told.append))
    assert caught.value.what == "none of 40 texts is new; 40 stand in the training data"
    assert told == ["copies: 40 of 40 texts (100.0%) stand in the training data and were dropped"]


def test_a_pattern_that_would_take_for_ever_is_stopped(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paragone_text.choosing.PATIENCE", 0.05)
    chooser = TextChooser(make(), TextSample(pattern="^(a|aa)+$"))
    assert chooser._matches("aaaa")
    with pytest.raises(UsageError, match=r"pattern: takes more than 0.05 seconds"):
        chooser._matches("a" * 60 + "b")


def test_a_pattern_that_cannot_match_stops_after_the_stated_effort(make: Make) -> None:
    sampler = make()
    calls = []
    decode = Generator.decode

    def counted(self: Generator, latent: torch.Tensor, *rest: Any) -> torch.Tensor:
        calls.append(len(latent))
        return decode(self, latent, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Generator, "decode", counted)
        with pytest.raises(NothingFound) as caught:
            sampler.sample([5], options=TextSample(pattern="xyz", effort=100))
        assert sum(calls) == 112  # in calls of 16
    assert str(caught.value) == "seed 5: none of 100 texts matches 'xyz'\nAsk for less, or try harder: --effort 1000 (now 100)."
    assert caught.value.exit_code == 1


def test_those_before_the_one_in_vain_are_given(make: Make) -> None:
    sampler = make()
    attempts = [facts["attempts"] for facts in sampler.sample(range(40), "England", options=TextSample(pattern="^L")).facts]
    effort = sorted(attempts)[-3] - 1
    first = next(seed for seed, number in enumerate(attempts) if number > effort)
    came: list[Any] = []
    with pytest.raises(NothingFound, match=f"seed {first}: none of {effort} texts"):
        came.extend(sampler.stream(range(40), "England", options=TextSample(pattern="^L", effort=effort)))
    assert [seed for batch in came for seed in batch.seeds] == list(range(first))


def test_fewer_candidates_than_wanted_are_better_than_none(make: Make) -> None:
    sampler = make(likes="o")
    batch = sampler.sample(range(10), "England", options=TextSample(pattern="^L", critic=50, effort=60))
    assert all(1 <= facts["candidates"] < 50 and facts["attempts"] == 60 for facts in batch.facts)
    assert all(text.startswith("L") for text in batch.lines())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"prefix": "Ły"}, r"prefix: 'Ł' \(U\+0141 LATIN CAPITAL LETTER L WITH STROKE\) is not in the vocabulary"),
        ({"suffix": "7"}, r"suffix: '7' \(U\+0037 DIGIT SEVEN\) is not in the vocabulary"),
        ({"prefix": "London London"}, "prefix: is longer than a text of this run can be: 13 tokens"),
    ],
)
def test_what_no_text_can_have_is_told_at_once(make: Make, options: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make().sample([1], options=TextSample(**options))


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("a(b", "pattern: 'a(b' is no regular expression: missing ), unterminated subpattern at position 1, before '(b'"),
        ("*a", "pattern: '*a' is no regular expression: nothing to repeat at position 0, before '*a'"),
        ("a{99999999999}", "pattern: is too large a regular expression"),
    ],
)
def test_a_pattern_that_is_none(pattern: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        TextSample(pattern=pattern)
    assert str(caught.value).splitlines()[0] == message


def test_the_training_data_must_be_there_to_tell_what_is_new(make: Make, tmp_path: Path) -> None:
    sampler = make()
    Path(sampler.run.config["data"]["path"]).write_text("Other\nTowns\n" + "\n".join(ENGLAND))
    with pytest.raises(DataError, match=r"has changed since .*\nRestore it\. Or leave out --novel"):
        sampler.sample([1], options=TextSample(novel=True))
    assert sampler.sample([1], options=TextSample(pattern="o")).lines()  # without it nobody asks for them
