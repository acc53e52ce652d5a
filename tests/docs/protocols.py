"""The page of what a plugin's parts must be, made from docstrings: ``PYTHONPATH=tests python -m docs.protocols > docs/protocols.md``."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Iterable

from paragone import artefacts, batch, choosing, collecting, data, execution, players, request, spec, tokens
from paragone.evaluation import evidence, features

HEAD = """# What a plugin's parts must be

Made from the code by `PYTHONPATH=tests python -m docs.protocols > docs/protocols.md`; a test
keeps it true. [Write a plugin](plugins.md) says where each is declared. Those called protocols are
satisfied by any class that has these attributes and methods: nothing need be inherited.
"""

SECTIONS: dict[str, tuple[type, ...]] = {
    "Samples": (spec.SampleSpec, spec.Axis),
    "Data": (data.OpenDataset, data.Dataset),
    "Networks": (players.Players, players.Generator, players.Discriminator, players.Augmentation, players.Encoder, tokens.TokenGenerator),
    "Files": (artefacts.Artefacts, artefacts.Lines, artefacts.Previewed, artefacts.Audible),
    "Evaluation": (features.FeatureExtractor, execution.Execution, evidence.Measure, evidence.Evidence, evidence.Score),
    "Choosing and collecting": (
        choosing.OpenChooser,
        choosing.Chooser,
        choosing.Chosen,
        request.Request,
        collecting.OpenCollector,
        collecting.Collector,
        batch.Batch,
    ),
}


def page() -> str:
    """The whole page."""
    return HEAD + "".join(f"\n## {title}\n" + "".join(map(_entry, kinds)) for title, kinds in SECTIONS.items())


def _entry(kind: type) -> str:
    protocol = " (protocol)" if getattr(kind, "_is_protocol", False) else ""
    text = f"\n### `{kind.__module__}.{kind.__name__}`{protocol}\n\n{_words(kind.__doc__ or '')}"
    for name, method in _methods(kind):
        text += f"\n```text\n{_signature(name, method)}\n```\n\n{_words(method.__doc__ or '')}"
    return text


def _methods(kind: type) -> Iterable[tuple[str, typing.Any]]:
    for name, value in vars(kind).items():
        if inspect.isfunction(value) and value.__doc__ and (not name.startswith("_") or name == "__call__"):
            yield name, value


def _signature(name: str, method: typing.Any) -> str:
    found = re.sub(r"'([^']*)'", r"\1", str(inspect.signature(method)))
    return f"{name}{found.replace('(self, ', '(').replace('(self)', '()')}"


def _words(docstring: str) -> str:
    """A docstring as Markdown: its lists of arguments as lists, its roles as code."""
    lines, within = [], False
    for line in inspect.cleandoc(docstring).splitlines():
        head = re.fullmatch(r"(Attributes|Args|Returns|Raises|Yields):", line)
        if head:
            within = True
            lines += [f"{head[1]}:", ""]
        elif within and re.match(r" {4}\S", line):
            lines.append(f"- {line.strip()}")
        elif within and re.match(r" {8,}\S", line):
            lines[-1] += f" {line.strip()}"
        else:
            within = within and not line
            lines.append(line)
    text = re.sub(r":\w+:`~?\.*([^`]+)`", r"`\1`", "\n".join(lines)).replace("``", "`")
    return text.strip() + "\n"


if __name__ == "__main__":
    print(page(), end="")
