"""Kits, read back by a small SFZ parser of the tests' own, by Python's XML and by tarfile."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
import torch

from paragone.batch import Batch
from paragone.errors import UsageError
from paragone.modality import Modality, Preset
from paragone.request import Request
from paragone_audio.artefacts import Sounds
from paragone_audio.config import AudioSample
from paragone_audio.kit import KitMaker, collect
from paragone_audio.notes import drum_of, give_notes
from paragone_audio.sound import spec_of

LENGTH, RATE = 1024, 16_000
SPACE = {"h2": "http://www.hydrogen-music.org/drumkit"}


def batch_of(labels: Sequence[str | None], options: AudioSample, loop: bool = False) -> Batch:
    """Noise: one sound for each label, with the seeds 0, 1, 2, … of each."""
    medium = Modality(
        "sounds", "Noise.", (Preset("none", "", "", object),), "", "paragone_audio.artefacts:Sounds",
        sample_config=AudioSample, collecting="paragone_audio.kit:collect",
    )  # fmt: skip
    known = tuple(dict.fromkeys(label for label in labels if label is not None))
    run = SimpleNamespace(config={"plugin": "sounds", "data": {"fingerprint": "f"}})
    settings = SimpleNamespace(to_dict=lambda: {"train": {"batch": 8}})
    sampler: Any = SimpleNamespace(modality=medium, spec=spec_of(LENGTH, RATE, loop), labels=known, run=run, hash="abc", settings=settings)
    samples = torch.rand(len(labels), 1, LENGTH, generator=torch.Generator().manual_seed(0)) * 2 - 1
    seeds = [list(labels[:index]).count(label) for index, label in enumerate(labels)]
    return Batch(sampler, samples, [Request(seed, label, 1.0) for seed, label in zip(seeds, labels, strict=True)], options)


def read_sfz(text: str) -> list[dict[str, str]]:
    """The opcodes of every region, with those of its group and of all."""
    text = re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL)
    scopes: dict[str, dict[str, str]] = {"global": {}, "group": {}, "region": {}}
    regions, below = [], {"global": ("group", "region"), "group": ("region",), "region": ()}
    for header, body in re.findall(r"<(\w+)>([^<]*)", text):
        opcodes = dict(re.findall(r"(\w+)=(.*?)(?=\s+\w+=|\s*$)", body, flags=re.MULTILINE))
        scopes[header] = opcodes
        for scope in below[header]:
            scopes[scope] = {}
        if header == "region":
            regions.append(scopes["global"] | scopes["group"] | opcodes)
    return regions


def read_hydrogen(data: bytes) -> tuple[ElementTree.Element, dict[str, bytes]]:
    """The description and the files beside it; everything lies in one folder."""
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
        files = {entry.name: archive.extractfile(entry).read() for entry in archive.getmembers()}  # type: ignore[union-attr]
    assert len({PurePosixPath(name).parent for name in files}) == 1
    bare = {PurePosixPath(name).name: content for name, content in files.items()}
    return ElementTree.fromstring(bare.pop("drumkit.xml")), bare


def texts(element: ElementTree.Element, path: str) -> list[str]:
    return [found.text or "" for found in element.findall(path, SPACE)]


@pytest.fixture
def drums(tmp_path: Path) -> tuple[Batch, list[Path]]:
    batch = batch_of(["kick", "hat", "kick", "birds", "kick", "hat"], AudioSample(kit=str(tmp_path / "my drums.sfz")))
    return batch, batch.collect()


def test_the_files_lie_beside_each_other(drums: tuple[Batch, list[Path]], tmp_path: Path) -> None:
    _, paths = drums
    names = ["kick-0", "kick-1", "kick-2", "hat-0", "hat-1", "birds-0"]
    sounds = [f"my drums-sounds/{name}.wav" for name in names]
    assert [path.relative_to(tmp_path).as_posix() for path in paths] == [*sounds, "my drums.sfz", "my drums.h2drumkit"]
    assert all(path.is_file() for path in paths)


def test_the_sfz_plays_each_label_s_sounds_in_turns(drums: tuple[Batch, list[Path]], tmp_path: Path) -> None:
    batch, _ = drums
    regions = read_sfz((tmp_path / "my drums.sfz").read_text(encoding="utf-8"))
    assert [(region["key"], region["seq_position"], region["seq_length"]) for region in regions] == [
        ("36", "1", "3"), ("36", "2", "3"), ("36", "3", "3"), ("42", "1", "2"), ("42", "2", "2"), ("60", "1", "1"),
    ]  # fmt: skip
    assert {region["loop_mode"] for region in regions} == {"one_shot"}
    writer = Sounds(batch.sampler.spec)
    for region, index in zip(regions, (0, 2, 4, 1, 5, 3), strict=True):
        sound, facts = writer.decode((tmp_path / region["sample"]).read_bytes())
        torch.testing.assert_close(sound, batch.samples[index], rtol=0, atol=2**-23)
        assert facts == batch.provenance(index)


def test_hydrogen_has_the_same_instruments_and_sounds(drums: tuple[Batch, list[Path]], tmp_path: Path) -> None:
    kit, files = read_hydrogen((tmp_path / "my drums.h2drumkit").read_bytes())
    assert texts(kit, "h2:name") == ["my drums"]
    instruments = kit.findall("h2:instrumentList/h2:instrument", SPACE)
    told = [[*texts(each, "h2:id"), *texts(each, "h2:name"), *texts(each, "h2:midiOutNote")] for each in instruments]
    assert told == [["0", "kick", "36"], ["1", "hat", "42"], ["2", "birds", "60"]]
    assert texts(kit, ".//h2:sampleSelectionAlgo") == ["ROUND_ROBIN"] * 3
    named = [texts(each, "h2:instrumentComponent/h2:layer/h2:filename") for each in instruments]
    assert named == [["kick-0.wav", "kick-1.wav", "kick-2.wav"], ["hat-0.wav", "hat-1.wav"], ["birds-0.wav"]]
    assert files == {path.name: path.read_bytes() for path in (tmp_path / "my drums-sounds").iterdir()}


def test_the_description_follows_hydrogen_s_schema(drums: tuple[Batch, list[Path]], tmp_path: Path) -> None:
    kit, _ = read_hydrogen((tmp_path / "my drums.h2drumkit").read_bytes())
    schema = {  # drumkit.xsd of Hydrogen 1.2, whose elements come in this order; `h2cli --check` goes by it
        ".": "name author info license image imageLicense componentList instrumentList",
        ".//h2:drumkitComponent": "id name volume",
        ".//h2:instrument": "id name volume isMuted isSoloed pan_L pan_R pitchOffset randomPitchFactor gain applyVelocity filterActive "
        "filterCutoff filterResonance Attack Decay Sustain Release muteGroup midiOutChannel midiOutNote isStopNote "
        "sampleSelectionAlgo isHihat lower_cc higher_cc instrumentComponent",
        ".//h2:layer": "filename min max gain pitch",
    }
    for path, names in schema.items():
        for element in kit.findall(path, SPACE):
            assert [child.tag.removeprefix(f"{{{SPACE['h2']}}}") for child in element] == names.split()
    assert texts(kit, ".//h2:drumkitComponent/h2:id") == ["0"]
    assert texts(kit, ".//h2:instrumentComponent/h2:component_id") == ["0"] * 3


def test_provenance_is_in_both(drums: tuple[Batch, list[Path]], tmp_path: Path) -> None:
    comments = [line[3:] for line in (tmp_path / "my drums.sfz").read_text().splitlines() if line.startswith("// ")]
    facts = json.loads(comments[1])
    assert (facts["run"], facts["data"], facts["settings"]) == ("abc", "f", {"train": {"batch": 8}})
    assert "seed" not in facts
    kit, _ = read_hydrogen((tmp_path / "my drums.h2drumkit").read_bytes())
    assert json.loads(texts(kit, "h2:info")[0]) == facts


def test_the_same_kit_has_the_same_bytes(tmp_path: Path) -> None:
    made = [
        {path.name: data for path, data in KitMaker(options).files(batch_of(["a", "b", "a"], options)).items()}
        for options in (AudioSample("ogg", str(tmp_path / "kit.sfz")), AudioSample("ogg", "kit.sfz"))
    ]
    assert made[0] == made[1]
    assert gzip.decompress(made[0]["kit.h2drumkit"])  # its header holds no time


def test_loops_go_on(tmp_path: Path) -> None:
    batch_of(["bass"], AudioSample(kit=str(tmp_path / "a.sfz")), loop=True).collect()
    (region,) = read_sfz((tmp_path / "a.sfz").read_text())
    assert (region["loop_mode"], region["loop_start"], region["loop_end"]) == ("loop_continuous", "0", str(LENGTH - 1))
    assert b"smpl" in (tmp_path / "a-sounds" / "bass-0.wav").read_bytes()[:4000]


def test_without_labels_there_is_one_instrument(tmp_path: Path) -> None:
    batch_of([None] * 3, AudioSample("flac", kit=str(tmp_path / "birds.sfz"))).collect()
    assert [(region["key"], region["sample"]) for region in read_sfz((tmp_path / "birds.sfz").read_text())] == [
        ("60", f"birds-sounds/birds-{seed}.flac") for seed in range(3)
    ]
    kit, _ = read_hydrogen((tmp_path / "birds.h2drumkit").read_bytes())
    assert texts(kit, ".//h2:instrument/h2:name") == ["birds"]


STRANGE = [
    "太鼓",
    "a/b",
    "a b",
    "a\nb",
    "<region> key=1",
    "x & <y>",
    "../up",
    "con",
    "\udcff",
    "\x00\x1b",
    "q\"uo'te",
    "// no",
    "A B",
    "é",
    "",
    "😀" * 80,
]


def test_strange_labels_give_plain_files_and_well_formed_kits(tmp_path: Path) -> None:
    options = AudioSample(kit=str(tmp_path / "strange $x=1 <é>.sfz"))
    batch = batch_of([*STRANGE, *STRANGE], options)
    paths = batch.collect()
    text = next(path for path in paths if path.suffix == ".sfz").read_text(encoding="utf-8")
    regions = read_sfz(text)
    assert len(regions) == len({region["sample"] for region in regions}) == 2 * len(STRANGE)
    assert len({region["key"] for region in regions}) == len(STRANGE)
    for region in regions:
        assert (tmp_path / region["sample"]).is_file()
        folder, name = region["sample"].split("/")
        assert folder == "strange _x_1 _é_-sounds"
        assert re.fullmatch(r"[A-Za-z0-9-]+\.wav", name)
        assert not re.match(r"(?i)(con|nul|aux|prn)\.", name)
    assert len({region["sample"].lower() for region in regions}) == len(regions)  # some systems know no upper case
    kit, files = read_hydrogen(next(path for path in paths if path.suffix == ".h2drumkit").read_bytes())
    assert len(files) == 2 * len(STRANGE)
    names = texts(kit, ".//h2:instrument/h2:name")
    assert names[:6] == ["太鼓", "a/b", "a b", "a b", "<region> key=1", "x & <y>"]
    assert all(names)


def test_a_walk_is_in_its_order(tmp_path: Path) -> None:
    from paragone.request import Walk

    batch = batch_of(["kick"] * 3, AudioSample(kit=str(tmp_path / "a.sfz")))
    batch.requests = [Request(3, "kick", 1.0, Walk(9, step, 3)) for step in range(3)]
    batch.collect()
    samples = [region["sample"] for region in read_sfz((tmp_path / "a.sfz").read_text())]
    assert samples == [f"a-sounds/kick-3-to-9-{step}-of-3.wav" for step in (1, 2, 3)]


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("kick", 36), ("Kicks", 36), ("bass_drum", 36), ("snare-01", 38), ("closed hats", 42), ("Open Hat", 46), ("hat (open)", 46),
        ("hihat", 42), ("tom", 45), ("Floor Toms", 41), ("cymbal", 49), ("ride", 51), ("ride bell", 53), ("clap", 39), ("cowbell", 56),
        ("that", None), ("tomato", None), ("percussion", None), ("ÄÖ", None), ("", None),
        ("Crashes", 49), ("Splashes", 55), ("SnareDrum", 38), ("OpenHiHat", 46), ("ClosedHiHat", 42), ("OH", 46), ("CH", 42),
        ("KD 3", 36), ("Cow Bell", 56), ("Bass Drum", 36), ("Bass guitar", None), ("bass_synth", None),
    ],
)  # fmt: skip
def test_names_of_drums_are_known_by_whole_words(name: str, note: int | None) -> None:
    assert drum_of(name) == note


def test_no_key_is_given_twice() -> None:
    assert give_notes(["kick", "percussion", "bass", "bongo", "hat", "other"]) == [36, 61, 62, 60, 42, 63]
    many = give_notes([f"label {number}" for number in range(126)] + ["kick", "snare"])
    assert sorted(many) == list(range(128))
    assert many[-2:] == [36, 38]
    with pytest.raises(UsageError, match="129 labels"):
        give_notes(["x"] * 129)


def test_what_cannot_be_a_kit_is_told(tmp_path: Path) -> None:
    assert collect(AudioSample()) is None
    for name in ("drums", "drums.wav", ".sfz", "a/"):
        with pytest.raises(UsageError, match=r"--kit: .* does not end in \.sfz"):
            collect(AudioSample(kit=name))
    with pytest.raises(UsageError, match="17 sounds of kick are too many"):
        batch_of(["kick"] * 17, AudioSample(kit=str(tmp_path / "a.sfz"))).collect()
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not shutil.which("h2cli"), reason="Hydrogen is not installed")
def test_hydrogen_itself_finds_it_valid(drums: tuple[Batch, list[Path]], tmp_path: Path) -> None:
    environment = {**os.environ, "HOME": str(tmp_path / "home"), "QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": str(tmp_path)}
    command = ["h2cli", "--check", str(tmp_path / "my drums.h2drumkit")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "valid" in (done.stdout + done.stderr).lower()
    assert "invalid" not in (done.stdout + done.stderr).lower()
