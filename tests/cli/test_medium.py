"""Any declaration becomes a command: here one that takes the names of the command line's own flags."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from paragone.modality import Modality, Preset
from paragone.options import setting
from paragone_cli.medium import build_medium
from paragone_cli.sampling import flags
from paragone_cli.training import train_flags


@dataclass(frozen=True)
class Data:
    """Settings with names that are taken."""

    seed: int = setting(1, "A seed of the data's own.")
    out: str = setting("", "Not that out.")
    debug: bool = setting(False, "Not that debug.")


@dataclass(frozen=True)
class Sample:
    """Settings with names that are taken."""

    seed: int = setting(1, "Another seed.")
    n: int = setting(1, "One letter.")


@dataclass(frozen=True)
class Empty:
    """No settings at all."""


PRESET = Preset("only", "The only one [really].", "nowhere:build", Empty)
GREEDY = Modality("greedy", "Takes [names].", (PRESET,), "nowhere:open", "nowhere:Files", Data, Sample)
BARE = Modality("bare", "Has nothing.", (PRESET,), "nowhere:open", "nowhere:Files", Empty, Empty)


@pytest.mark.parametrize("modality", [GREEDY, BARE], ids=lambda modality: modality.name)
def test_spellings_are_unique(modality: Modality) -> None:
    for found in (flags(modality), train_flags(modality)):
        spellings = [word for flag in found for declaration in flag.declarations for word in declaration.split("/")]
        assert len(set(spellings)) == len(spellings)
        assert not {"--help", "--debug", "--set"} & set(spellings)


def test_a_clash_is_told_apart_by_the_section() -> None:
    spelt = {flag.key: flag.declarations[0] for flag in train_flags(GREEDY)}
    assert spelt["data.seed"] == "--data-seed"
    assert spelt["train.seed"] == "--seed"
    assert spelt["data.out"] == "--data-out"
    assert spelt["data.debug"] == "--data-debug/--no-data-debug"


@pytest.mark.parametrize("modality", [GREEDY, BARE], ids=lambda modality: modality.name)
@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"]], ids=" ".join)
def test_help(modality: Modality, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert build_medium(modality).main(args=arguments, prog_name="create greedy", standalone_mode=False) in (0, None)
    text = capsys.readouterr().out
    assert "--debug" in text
    if modality is GREEDY:
        assert ("The only one [really]." if "train" in arguments else "Takes [names].") in text
