"""Every check of the contract can fail: a toy plugin, broken in one way at a time, is found out, and by that check."""

from __future__ import annotations

import dataclasses
import random
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from toy_plugin import model
from toy_plugin.plugin import PointNetwork

from paragone.errors import PluginError, UsageError
from paragone.evaluation.evidence import Score
from paragone.options import setting
from paragone.registry import PluginStatus, registry
from paragone.testing import ContractError, checks, parametrize_with_checks
from paragone.testing.subject import Subject
from paragone.testing.suite import CHECKS

GRID = Path(model.__file__).with_name("grid.csv")
Break = Callable[[pytest.MonkeyPatch], None]


def declaring(**changes: Any) -> Break:
    """The declaration, with other fields."""

    def apply(patch: pytest.MonkeyPatch) -> None:
        changed = dataclasses.replace(registry().modality("points"), **changes)
        patch.setitem(registry().modalities, "points", changed)

    return apply


def patching(owner: Any, name: str, value: Any) -> Break:
    return lambda patch: patch.setattr(owner, name, value, raising=False)


def medleys(extension: str, medley: bytes, sheet: str = ".json") -> Break:
    """Points that can be heard."""

    def apply(patch: pytest.MonkeyPatch) -> None:
        patching(model.PointFiles, "sheet_extension", sheet)(patch)
        patching(model.PointFiles, "medley_extension", extension)(patch)
        patching(model.PointFiles, "medley", lambda self, samples, facts: medley)(patch)

    return apply


def measuring(measure: Any) -> Break:
    """With one metric, which is this."""

    def apply(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(model, "measure_of_this_test", measure, raising=False)
        metric = dataclasses.replace(registry().modality("points").metrics[0], measure="toy_plugin.model:measure_of_this_test")
        declaring(metrics=(metric,))(patch)

    return apply


def wrapping(owner: Any, name: str, around: Callable[[Any], Any]) -> Break:
    """What the method gives, changed by ``around``."""
    old = getattr(owner, name)
    return patching(owner, name, lambda *args, **rest: around(old(*args, **rest)))


@dataclasses.dataclass(frozen=True)
class Forgetful:
    """A text that may be absent, whose default reads as absent."""

    latent: int = setting(2, "L.")
    kind: str | None = setting("none", "K.")


class Hidden(torch.autograd.Function):
    """The identity, with a gradient that hides where it came from."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        (x,) = ctx.saved_tensors
        return gradient * (3 * x.detach() ** 2)


def once_only(self: nn.Module, sample: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
    """A discriminator that ends in :class:`Hidden`."""
    return Hidden.apply(self.body(sample * 5) * self.out.weight).sum(1)


encoded, opened = model.PointFiles.encode, model.open_points


def constant_fingerprint(path: Path, config: Any) -> model.Points:
    points = Plain(path, config)
    points.fingerprint = "0"
    return points


def of_the_place(path: Path, config: Any, cache: Path, note: Any) -> model.Points:
    points = opened(path, config, cache, note)
    points.hashes = points.hashes ^ hash(str(path))
    return points


Plain = model.Points
same_for = model.PointGenerator.forward


def into_a_buffer(samples: torch.Tensor) -> torch.Tensor:
    """Without an eye for the dtype that they come in."""
    buffer = torch.zeros(samples.shape)
    return buffer.index_put((torch.arange(len(samples)),), samples)


class Leaking(model.PointGenerator):
    """Counts its calls, and makes other points each time."""

    calls_made = 0.0

    def forward(self, latent: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        if self.training:
            self.calls_made += 0.01
        return (super().forward(latent, label) + self.calls_made).clamp(-1, 1)


class Branded(model.PointGenerator):
    """Each has a mark of its own, which no file keeps."""

    def __init__(self, labels: int, config: PointNetwork) -> None:
        super().__init__(labels, config)
        self.brand = 0.1 * random.random()

    def forward(self, latent: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        return super().forward(latent, label) * self.brand


class Misfused(model.PointGenerator):
    """Works something out of its weights, and wrongly."""

    brand = 1.0

    def fuse_for_sampling(self) -> None:
        self.brand = 0.9

    def forward(self, latent: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        return super().forward(latent, label) * self.brand


class Mixing(model.PointGenerator):
    """Subtracts the mean of the batch."""

    def forward(self, latent: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        samples = super().forward(latent, label)
        return samples - samples.mean(0)


class Remembering(model.PointGenerator):
    def forward(self, latent: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        self.latent = latent
        time.sleep(0.02)  # another thread has its turn
        return super().forward(self.latent, label)


def changed_players(change: Callable[[Any], None]) -> Break:
    def around(players: Any) -> Any:
        change(players)
        return players

    return wrapping(model, "build", around)


def constant(value: Callable[[Any], Any]) -> property:
    """An attribute that nobody can set."""
    return property(value, lambda self, given: None)


class Restless(model.Points):
    """Other points each time it is opened."""

    def __init__(self, path: Path, config: Any) -> None:
        super().__init__(path, config)
        self.samples = self.samples + 0.001 * random.random()
        self.samples.clamp_(-1, 1)


def open_anything(path: Path, config: Any, cache: Path, note: Callable[[str], None]) -> Any:
    raise KeyError("x")


BROKEN: dict[str, list[tuple[Break, str]]] = {
    "what_is_declared_is_there": [
        (declaring(dataset="toy_plugin.model:SPEC"), "SPEC is not callable"),
        (declaring(choosing="toy_plugin.model:SPEC"), "SPEC is not callable"),
        (declaring(lines=True), "has no method `line`"),
        (declaring(artefacts="toy_plugin.model:Nowhere"), "cannot be loaded"),
        (declaring(starter="toy_plugin:no.csv"), "no starter data at toy_plugin:no.csv"),
        (declaring(model="toy_plugin:model"), "is no run folder"),
    ],
    "starter_is_always_the_same": [
        (declaring(make_starter="toy_plugin.starters:unseeded"), "made twice, points.csv is not the same"),
        (declaring(make_starter="toy_plugin.starters:nothing"), "it made no file"),
        (declaring(make_starter="toy_plugin.starters:failing"), "ZeroDivisionError"),
    ],
    "config_round_trips": [
        (
            lambda patch: declaring(
                presets=(dataclasses.replace(registry().modality("points").presets[0], config=Forgetful),),
            )(patch),
            "gave back",
        )
    ],
    "data_fits_its_spec": [
        (wrapping(model.Points, "batch", lambda got: (got[0].double(), got[1])), "expected float32, got torch.float64"),
        (wrapping(model.Points, "batch", lambda got: (got[0] * 3, got[1])), "expected values in"),
        (wrapping(model.Points, "batch", lambda got: (got[0].sort(0).values, got[1])), "in the order asked for"),
        (wrapping(model.Points, "batch", lambda got: (got[0], None)), "a batch brings None"),
        (wrapping(model.Points, "batch", lambda got: (got[0], got[1].int())), "labels are torch.int32"),
        (wrapping(model.Points, "batch", lambda got: (got[0], 1 - got[1])), "numbers says"),
    ],
    "hashes_follow_content": [
        (patching(model.Points, "hashes", constant(lambda self: torch.zeros(len(self), dtype=torch.int64))), "their hashes are not"),
        (patching(model.Points, "hashes", constant(lambda self: torch.randint(99, (len(self),)))), "opened twice"),
        (patching(model.Points, "hashes", constant(lambda self: torch.arange(len(self)))), "0 of 2500 different hashes are below zero"),
        (patching(model, "Points", constant_fingerprint), "the fingerprint is '0', no hexadecimal hash"),
        (patching(model, "open_points", of_the_place), "a copy of the data in another folder has"),
    ],
    "likeness_is_of_the_sample_alone": [
        (patching(model, "embed", lambda samples, spec: samples[:, 0]), r"64 samples gave (64,) torch.float32; (64, D) finite"),
        (patching(model, "embed", lambda samples, spec: samples / 0), "finite floats were wanted"),
        (patching(model, "embed", lambda samples, spec: samples.mul_(2.0)), "the samples were changed"),
        (patching(model, "embed", lambda samples, spec: samples - samples.mean(0)), "another row than among others"),
    ],
    "bad_data_is_refused_in_words": [
        (
            patching(model, "open_points", open_anything),
            "for nothing-there it raised PluginError: toy_plugin.model:open_points: fails: KeyError",
        ),
        (
            patching(model, "open_points", lambda path, config, cache, note: model.Points(GRID, config)),
            "samples out of nothing-there",
        ),
    ],
    "builds_on_the_cpu": [(changed_players(lambda players: setattr(players.generator, "latent_size", 0)), "no latent_size of at least 1")],
    "samples_fit_the_spec": [
        (wrapping(model.PointGenerator, "forward", lambda samples: samples[:, None]), "was wanted"),
        (wrapping(model.PointGenerator, "forward", lambda samples: samples.double()), "torch.float64"),
        (wrapping(model.PointGenerator, "forward", lambda samples: samples * 100), "for a range of -1 to 1"),
        (wrapping(model.PointGenerator, "forward", lambda samples: samples / 0), "not finite"),
    ],
    "one_logit_a_sample": [
        (wrapping(model.PointDiscriminator, "forward", lambda logits: logits[:, None]), "logits of shape (8, 1) for 8 real samples"),
        (wrapping(model.PointDiscriminator, "forward", lambda logits: logits * torch.nan), "not finite"),
    ],
    "every_parameter_gets_a_gradient": [
        (
            changed_players(lambda players: setattr(players.generator, "unused", nn.Linear(2, 2))),
            "unused.weight, unused.bias of the generator",
        ),
        (wrapping(model.PointDiscriminator, "forward", lambda logits: logits.detach() + 0 * logits), "none for label.weight, first.weight"),
    ],
    "latent_and_label_are_heard": [
        (
            patching(model.PointGenerator, "forward", lambda net, latent, label: same_for(net, 0 * latent, label)),
            "latents",
        ),
        (patching(model.PointGenerator, "forward", lambda net, latent, label: same_for(net, latent, 0 * label)), "different labels"),
    ],
    "labels_may_be_absent": [
        (
            patching(model.PointGenerator, "forward", lambda net, latent, label: same_for(net, latent, 0 + label)),
            "without labels: TypeError",
        ),
        (wrapping(model.PointDiscriminator, "forward", lambda logits: logits[:, None]), "without labels logits have the shapes"),
    ],
    "a_turn_in_bf16": [
        (wrapping(model.PointGenerator, "forward", into_a_buffer), "RuntimeError|PluginError"),
        (wrapping(model.PointDiscriminator, "forward", lambda logits: logits[:, None]), "logits have the shape (2, 1) where (2,)"),
    ],
    "double_backward_agrees": [(patching(model.PointDiscriminator, "forward", once_only), "by finite differences")],
    "augmentation_is_pure": [
        (wrapping(model, "jitter", lambda samples: samples + 0.1), "with p = 0"),
        (
            patching(model, "jitter", lambda sample, uniforms, p: sample if not p else sample + torch.rand_like(sample)),
            "random numbers of its own",
        ),
        (patching(model, "jitter", lambda sample, uniforms, p: sample - p * sample.mean(0)), "when others stand beside it"),
        (patching(model, "jitter", lambda sample, uniforms, p: sample.detach() if p else sample), "does not require grad"),
    ],
    "a_turn_changes_its_player_only": [
        (
            changed_players(lambda players: setattr(players.generator, "shared", players.discriminator.out)),
            "turn changed discriminator, generator",
        ),
    ],
    "same_seed_same_weights": [
        (wrapping(model.PointDiscriminator, "forward", lambda logits: logits * (1 + 0.1 * random.random())), "ended with other weights")
    ],
    "same_seed_same_bytes": [
        (wrapping(model.PointFiles, "encode", lambda data: data + str(time.time_ns()).encode()), "differ between two calls"),
        (wrapping(model.PointGenerator, "forward", lambda samples: samples * random.random()), "random numbers of its own"),
    ],
    "samples_do_not_depend_on_others": [
        (patching(model, "PointGenerator", Mixing), "alone is not sample"),
        (patching(model, "PointGenerator", Remembering), "alone is not sample"),
    ],
    "saved_and_loaded_is_the_same": [
        (patching(model, "PointGenerator", Branded), "samples differ by up to"),
        (patching(model, "PointGenerator", Misfused), "fuse_for_sampling() changed samples"),
    ],
    "resumed_is_uninterrupted": [
        (patching(model, "PointGenerator", Leaking), "tensors differ"),
        (patching(model, "Points", Restless), "tensors differ"),
    ],
    "two_processes_are_one": [
        (lambda patch: patch.setenv("PARAGONE_BLOCK_PLUGINS", "points"), "with --processes 2 it ended with 3"),
        # the one process of this test has another game than the two, which are not patched
        (wrapping(model.PointDiscriminator, "forward", lambda logits: logits * 3), "apart, after a way of"),
    ],
    "artefacts_round_trip": [
        (patching(model.PointFiles, "encode", lambda self, sample, facts: encoded(self, sample.mul_(0.5), facts)), "encode changed"),
        (wrapping(model.PointFiles, "decode", lambda got: (got[0], {})), "came back as {}"),
        (wrapping(model.PointFiles, "decode", lambda got: (got[0].mul(3).round() / 3, got[1])), "away from what was written"),
        (wrapping(model.PointFiles, "decode", lambda got: (got[0] * 1.001, got[1])), "away from|written again"),
    ],
    "sheets_can_be_made": [
        (wrapping(model.PointFiles, "sheet", lambda data: data.decode()), "is str"),
        (patching(model.PointFiles, "extension", "json"), "begins with no dot"),
        (medleys(".json", b"heard"), "'.json', not one of .wav, .flac"),
        (medleys(".wav", b"heard", sheet=".wav"), "a sheet is .wav"),
        (medleys(".wav", b""), "a medley of 1 samples is bytes of length 0"),
    ],
    "foreign_files_are_refused": [
        (patching(model.PointFiles, "decode", lambda self, data: (torch.zeros(2), {})), "it decoded no bytes"),
        (patching(model.PointFiles, "decode", lambda self, data: [][0]), "raised IndexError"),
    ],
    "evaluation_works": [
        (wrapping(model.Bare, "__call__", lambda features: features[:, :1]), "gives features of shape"),
        (wrapping(model.Bare, "__call__", torch.rand_like), "other features the second time"),
        (wrapping(model.Bare, "__call__", lambda features: features - features.mean(0)), "a sample alone other features"),
        (measuring(lambda candidate, reference, seed: Score(random.random())), "asked twice with one seed"),
        (measuring(lambda candidate, reference, seed: Score(torch.tensor(0.5))), "returned Tensor where a Score of Python's own numbers"),
        (measuring(lambda candidate, reference, seed: 0.5), "returned float where paragone.evaluation.evidence.Score was wanted"),
        (measuring(lambda candidate, reference, seed: Score(float(candidate.features[7, 0]))), "IndexError"),
        (
            declaring(metrics=(dataclasses.replace(registry().modality("points").metrics[0], measure="toy_plugin.model:never"),)),
            "cannot be loaded",
        ),
    ],
    "commands_work": [(lambda patch: patch.setenv("PARAGONE_BLOCK_PLUGINS", "points"), "ended with 3")],
}


def subject(name: str) -> tuple[Any, Subject]:
    return next((check, subject) for _, check, subject in checks("points", presets=["mlp"]) if check.name == name)


def test_every_check_is_tried() -> None:
    assert {check.name for check in CHECKS} == {*BROKEN, "import_is_light"}


@pytest.mark.parametrize(("name", "number"), [(name, number) for name, cases in BROKEN.items() for number in range(len(cases))])
def test_a_broken_plugin_is_found_out(name: str, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    breaking, reason = BROKEN[name][number]
    check, looked_at = subject(name)
    breaking(monkeypatch)
    with pytest.raises(ContractError) as caught:
        check(looked_at)
    expected, got, look = str(caught.value).strip().splitlines()
    assert check.expected in expected
    assert any(part in got for part in reason.split("|")), got
    assert re.search(r"\btoy_plugin\b|feature extractor \w+|metric \w+", got + look), "it does not say whose code it is"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import torch", "imports torch"),
        ("import time\nend = time.process_time() + 0.1\nwhile time.process_time() < end: pass", "s of processor time"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_a_heavy_import_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, reason: str) -> None:
    (tmp_path / "heavy_declaration.py").write_text(source)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(Subject, "row", PluginStatus("points", "toy", "1", "heavy_declaration", modalities=("points",)))
    check, looked_at = subject("import_is_light")
    with pytest.raises(ContractError, match=reason):
        check(looked_at)


def test_expected_failures_are_marked_and_must_fail() -> None:
    mark = parametrize_with_checks(
        "points", presets=["mlp"], expected_failed_checks={"same_seed_same_bytes": "dated", "one_logit_a_sample[mlp]": "no"}
    )
    marked = {parameter.id: parameter.marks for parameter in mark.mark.args[1] if parameter.marks}
    assert set(marked) == {"same_seed_same_bytes[mlp]", "one_logit_a_sample[mlp]"}
    assert all(only.kwargs["strict"] for (only,) in marked.values())
    with pytest.raises(UsageError, match="Did you mean 'same_seed_same_bytes'"):
        parametrize_with_checks("points", expected_failed_checks={"same_seed_same_byte": "?"})


def test_each_preset_is_looked_at_with_its_own_settings() -> None:
    found = checks("points", presets={"wide": {"network.width": 16}}, settings={"network.depth": 2})
    assert {looked_at.preset for _, _, looked_at in found} == {"wide"}
    network = found[0][2].settled.network
    assert (network.width, network.depth) == (16, 2)
    names = [name for name, _, _ in checks("points")]
    assert len(names) == len(set(names))
    assert {"import_is_light", "one_logit_a_sample[mlp]", "one_logit_a_sample[wide]"} <= set(names)


def test_a_training_that_fails_is_named_by_every_check_that_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model.PointGenerator, "forward", lambda self, latent, label: 1 / 0)
    for name in ("same_seed_same_bytes", "saved_and_loaded_is_the_same", "evaluation_works"):
        check, looked_at = subject(name)
        for _ in range(2):
            with pytest.raises(ContractError, match=r"no training came to its end: PluginError: .* ZeroDivisionError"):
                check(looked_at)


def test_a_check_can_be_called_again() -> None:
    for name, check, looked_at in checks("points", presets=["mlp"]):
        if name in ("resumed_is_uninterrupted[mlp]", "bad_data_is_refused_in_words", "same_seed_same_bytes[mlp]"):
            check(looked_at)
            check(looked_at)


def test_a_discriminator_that_casts_to_fp32_is_compared_too(monkeypatch: pytest.MonkeyPatch) -> None:
    check, looked_at = subject("double_backward_agrees")
    forward = model.PointDiscriminator.forward
    monkeypatch.setattr(model.PointDiscriminator, "forward", lambda self, sample, label: forward(self, sample.float(), label))
    check(looked_at)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"presets": []}, "names no presets"),
        ({"presets": "mlp"}, "names no presets"),
        ({"presets": ["mpl"]}, "Did you mean 'mlp'"),
        ({"presets": {"mlp": {"network.widht": 8}}}, "Did you mean 'network.width'"),
        ({"expected_failed_checks": ["same_seed_same_bytes"]}, "is no mapping"),
    ],
)
def test_a_slip_in_the_test_file_is_told_at_once(arguments: dict[str, Any], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        parametrize_with_checks("points", **arguments)


def test_without_data_or_plugin_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    declaring(starter=None)(monkeypatch)
    with pytest.raises(UsageError, match=r"Give data=\.\.\."):
        checks("points")
    with pytest.raises(PluginError, match="pip install -e"):
        checks("pionts")
