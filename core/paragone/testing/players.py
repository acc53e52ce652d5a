"""Checks of the networks: shapes, gradients, second derivatives, augmentation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import nn

from ..building import build
from ..clusters import classes
from ..errors import UsageError
from ..estimators import estimator_for
from ..players import Players
from ..settings import TokenSettings
from .check import Check
from .subject import Subject


def sides(players: Players) -> dict[str, nn.Module]:
    """All that is trained, by name."""
    modules = {"generator": players.generator, "discriminator": players.discriminator}
    return modules if players.encoder is None else {**modules, "encoder": players.encoder}


def builds_on_the_cpu(subject: Subject) -> str | None:
    players = subject.players()
    size = getattr(players.generator, "latent_size", None)
    if not isinstance(size, int) or size < 1:
        return f"generator.latent_size is {size!r}"
    for name, module in sides(players).items():
        if not isinstance(module, nn.Module) or not list(module.parameters()):
            return f"the {name} is {type(module).__name__} with no parameters"
        elsewhere = {str(p.device) for p in module.parameters()} - {"cpu"}
        if elsewhere:
            return f"parameters of the {name} are on {', '.join(elsewhere)}"
    return None


def samples_fit_the_spec(subject: Subject) -> str | None:
    players, spec = subject.players(), subject.dataset.spec
    samples = players.generator(subject.latent(players), subject.samples()[1])
    wanted = (subject.batch, *spec.shape)
    if tuple(samples.shape) != wanted or str(samples.dtype) != f"torch.{spec.dtype}":
        return f"{tuple(samples.shape)} {samples.dtype} where {wanted} torch.{spec.dtype} was wanted"
    if not torch.isfinite(samples).all():
        return "values that are not finite"
    width = spec.high - spec.low  # a generator need not be squashed: the engine clamps. But it must be in that region
    if samples.min() < spec.low - width or samples.max() > spec.high + width:
        return f"values from {samples.min():.3g} to {samples.max():.3g} for a range of {spec.low:g} to {spec.high:g}"
    return None


def one_logit_a_sample(subject: Subject) -> str | None:
    players, (real, label) = subject.players(), subject.samples()
    for what, samples in (("real", real), ("generated", players.generator(subject.latent(players), label))):
        logits = players.discriminator(samples, label)
        if tuple(logits.shape) != (subject.batch,):
            return f"logits of shape {tuple(logits.shape)} for {subject.batch} {what} samples"
        if not torch.isfinite(logits).all():
            return f"logits of {what} samples that are not finite"
        if samples.dtype == torch.int64 and not torch.allclose(players.discriminator(_seen(subject, samples), label), logits, atol=1e-4):
            return f"other logits for {what} tokens than for their rows of 0 and 1"
    return None


def every_parameter_gets_a_gradient(subject: Subject) -> str | None:
    players, (real, label) = subject.players(), subject.samples()
    for module in sides(players).values():
        _wake(module)
    estimator = estimator_for(subject.dataset.spec, players.generator, TokenSettings())
    fake = estimator.make(players.generator, subject.latent(players), label, None, 0.0).seen
    outputs = [players.discriminator(samples, label) for samples in (fake, estimator.seen(real, differentiable=True))]
    outputs += [] if players.encoder is None else players.encoder(real, label)
    torch.stack([output.float().square().sum() for output in outputs]).sum().backward()  # type: ignore[no-untyped-call]  # torch's
    for name, module in sides(players).items():
        missing = [key for key, p in module.named_parameters() if p.requires_grad and (p.grad is None or not p.grad.any())]
        if missing:
            return f"none for {', '.join(missing[:4])}{' …' if len(missing) > 4 else ''} of the {name}"
    return None


def _seen(subject: Subject, samples: torch.Tensor) -> torch.Tensor:
    """``samples`` as a discriminator sees them where it is differentiated."""
    return estimator_for(subject.dataset.spec, subject.players().generator, TokenSettings()).seen(samples, differentiable=True)


def _wake(module: nn.Module) -> None:
    """Move every weight a little: branches that begin at zero let nothing through to what stands before them."""
    noise = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=noise), alpha=0.02)


def latent_and_label_are_heard(subject: Subject) -> str | None:
    players, latent, count = subject.players(), subject.latent(subject.players()), classes(subject.dataset)
    _wake(players.generator)
    same = torch.zeros(len(latent), dtype=torch.int64) if count else None
    made = players.generator(latent, same)
    if _alike(subject, made):
        return "different latents made the same sample"
    if count < 2 or subject.dataset.spec.tokens:  # of a few tokens, the likeliest may well be the same
        return None
    made = players.generator(latent[:1].expand_as(latent), torch.arange(len(latent)) % count)
    return "different labels made the same sample of one latent" if _alike(subject, made) else None


def _alike(subject: Subject, samples: torch.Tensor) -> bool:
    """Are all the same, but for rounding?"""
    spec = subject.dataset.spec
    return (samples - samples[:1]).abs().max().item() <= 1e-5 * (spec.high - spec.low)


def labels_may_be_absent(subject: Subject) -> str | None:
    """As they are where the user's data has none, or has some and the starter data has none."""
    samples, label = subject.samples()
    count, label = (0, None) if label is not None else (2, torch.arange(len(samples)) % 2)
    try:
        players = build(subject.medium, subject.settled, subject.dataset.spec, count, 0)
    except UsageError as error:
        return None if error.fix else f"{error} does not say how to mend it"
    try:
        made = players.generator(subject.latent(players), label)
        shapes = [tuple(players.discriminator(seen, label).shape) for seen in (samples, made)]
    except Exception as error:  # whatever the networks raise is what this check is there to find
        return f"with{'' if count else 'out'} labels: {type(error).__name__}: {error}"
    wanted = (subject.batch,)
    return None if shapes == [wanted, wanted] else f"with{'' if count else 'out'} labels logits have the shapes {shapes}"


def double_backward_agrees(subject: Subject) -> str | None:
    """Compared in float64. Of a discriminator that casts to float32 inside, only that there is a second derivative: rounding hides more."""
    if not getattr(subject.players().discriminator, "twice_differentiable", True):
        return None
    try:
        return _compare_slopes(subject)
    except RuntimeError:
        gradients, _, _ = _slopes(subject, torch.float32)
        found = torch.cat([gradient.flatten() for gradient in gradients if gradient is not None])
        return None if torch.isfinite(found).all() and found.any() else "a second derivative that is zero or not finite"


def _slopes(subject: Subject, dtype: torch.dtype) -> tuple[Sequence[torch.Tensor | None], list[nn.Parameter], Callable[[], torch.Tensor]]:
    """Gradients of ‖∇D(x)‖² by the discriminator's parameters, these, and what computes it."""
    discriminator, (real, label) = subject.players().discriminator, subject.samples()
    discriminator.to(dtype).requires_grad_(True)
    parameters = list(discriminator.parameters())

    def penalty() -> torch.Tensor:
        torch.manual_seed(0)  # for networks that draw numbers themselves
        samples = _seen(subject, real).to(dtype).requires_grad_()
        (slope,) = torch.autograd.grad(discriminator(samples, label).sum(), samples, create_graph=True)
        return slope.double().square().flatten(1).sum(1).mean()

    return torch.autograd.grad(penalty(), parameters, allow_unused=True), parameters, penalty


def _compare_slopes(subject: Subject) -> str | None:
    """How ‖∇D(x)‖² changes along a random direction of the weights: by double backward, and by central differences."""
    gradients, parameters, penalty = _slopes(subject, torch.float64)
    noise = torch.Generator().manual_seed(3)
    direction = [torch.randn(p.shape, generator=noise, dtype=p.dtype) * p.detach().abs().mean() for p in parameters]
    exact = sum(float((g * d).sum()) for g, d in zip(gradients, direction, strict=True) if g is not None)

    def moved(step: float) -> float:
        with torch.no_grad():
            for parameter, d in zip(parameters, direction, strict=True):
                parameter.add_(d, alpha=step)
        value = penalty().item()
        with torch.no_grad():
            for parameter, d in zip(parameters, direction, strict=True):
                parameter.sub_(d, alpha=step)
        return value

    # several steps: a kink of the activation spoils some of them
    estimates = [(moved(step) - moved(-step)) / (2 * step) for step in (1e-6, 1e-5, 1e-4)]
    if min(abs(estimate - exact) for estimate in estimates) > 0.01 * abs(exact) + 1e-12:
        return f"a slope of {exact:.6g} by double backward, {', '.join(f'{e:.6g}' for e in estimates)} by finite differences"
    return None


def augmentation_is_pure(subject: Subject) -> str | None:
    augmentation, (real, _) = subject.players().augmentation, subject.samples()
    if augmentation is None:
        return None
    uniforms = torch.rand(len(real), augmentation.uniforms_per_sample, generator=torch.Generator().manual_seed(4))
    if not torch.equal(augmentation(real, uniforms, 0.0), real):
        return "with p = 0 the samples are not what they were"
    changed = augmentation(real, uniforms, 1.0)
    if changed.shape != real.shape or not torch.isfinite(changed).all():
        return f"with p = 1 shape {tuple(changed.shape)} for {tuple(real.shape)}, or values that are not finite"
    torch.manual_seed(5)
    if not torch.equal(augmentation(real, uniforms, 1.0), changed):
        return "the same uniforms gave another result: it draws random numbers of its own"
    alone = torch.cat([augmentation(real[i : i + 1], uniforms[i : i + 1], 1.0) for i in range(len(real))])
    if not torch.allclose(alone, changed, atol=1e-4):
        return "a sample changes differently when others stand beside it"
    samples = real.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(augmentation(samples, uniforms, 1.0).sum(), samples)
    return None if torch.isfinite(gradient).all() and gradient.any() else "no gradient comes back through it"


CHECKS = (
    Check("builds_on_the_cpu", "two players with parameters on the CPU, and a latent_size of at least 1", "{build}", builds_on_the_cpu),
    Check(
        "samples_fit_the_spec",
        "the generator makes samples of the shape, dtype and range of the data's SampleSpec",
        "{build}, the generator's forward",
        samples_fit_the_spec,
    ),
    Check("one_logit_a_sample", "one finite logit a sample: shape (B,)", "{build}, the discriminator's forward", one_logit_a_sample),
    Check(
        "every_parameter_gets_a_gradient",
        "a gradient that is not zero for every parameter of every player",
        "{build}: a layer that is made and never called, or a detach()",
        every_parameter_gets_a_gradient,
    ),
    Check(
        "latent_and_label_are_heard",
        "another latent makes another sample, and so does another label",
        "{build}, the generator: an input that is never read; networks that cannot be told labels call paragone.players.refuse_labels",
        latent_and_label_are_heard,
    ),
    Check(
        "labels_may_be_absent",
        "networks work with labels and without (label is None), or refuse with UsageError",
        "{build}",
        labels_may_be_absent,
    ),
    Check(
        "double_backward_agrees",
        "the gradient penalty by double backward agrees with finite differences, or twice_differentiable = False",
        "{build}, the discriminator: an operation without a second derivative, or one that draws random numbers",
        double_backward_agrees,
    ),
    Check(
        "augmentation_is_pure",
        "the augmentation is a differentiable function of sample, uniforms and p alone, and does nothing at p = 0",
        "{build}, the augmentation",
        augmentation_is_pure,
    ),
)
