"""Kits for the drum machine Hydrogen, 0.9.7 and later: an archive of ``drumkit.xml`` and the sounds. No torch."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Mapping
from xml.etree import ElementTree

from .instruments import Instrument, Kit, plain

NAMESPACE = "http://www.hydrogen-music.org/drumkit"

_BEFORE = {
    **{"volume": "1", "isMuted": "false", "isSoloed": "false", "pan_L": "1", "pan_R": "1"},
    **{"pitchOffset": "0", "randomPitchFactor": "0", "gain": "1", "applyVelocity": "true"},
    **{"filterActive": "false", "filterCutoff": "1", "filterResonance": "0"},
    **{"Attack": "0", "Decay": "0", "Sustain": "1", "Release": "1000", "muteGroup": "-1", "midiOutChannel": "-1"},
}
_AFTER = {"isStopNote": "false", "sampleSelectionAlgo": "ROUND_ROBIN", "isHihat": "-1", "lower_cc": "0", "higher_cc": "127"}
"""What the schema of version 1.2 wants of an instrument, in its order, before and after the note; older ones want less."""


def write_hydrogen(kit: Kit) -> bytes:
    """The file ``.h2drumkit``: a tar archive, gzipped; the same kit gives the same bytes."""
    folder = plain(kit.name)
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        _add(archive, f"{folder}/drumkit.xml", drumkit_xml(kit))
        for instrument in kit.instruments:
            for voice in instrument.voices:
                _add(archive, f"{folder}/{voice.name}", voice.data)
    return gzip.compress(target.getvalue(), mtime=0)


def drumkit_xml(kit: Kit) -> bytes:
    """The description, as the schema ``drumkit.xsd`` of Hydrogen 1.2 has it."""
    root = ElementTree.Element("drumkit_info", xmlns=NAMESPACE)
    info = json.dumps(dict(kit.facts), sort_keys=True)
    _fill(root, {"name": kit.name, "author": "made with paragone", "info": info, "license": "undefined license"})
    _fill(root, {"image": "", "imageLicense": "undefined license"})
    component = ElementTree.SubElement(ElementTree.SubElement(root, "componentList"), "drumkitComponent")
    _fill(component, {"id": "0", "name": "Main", "volume": "1"})
    instruments = ElementTree.SubElement(root, "instrumentList")
    for number, instrument in enumerate(kit.instruments):
        _describe(ElementTree.SubElement(instruments, "instrument"), number, instrument)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"


def _describe(element: ElementTree.Element, number: int, instrument: Instrument) -> None:
    _fill(element, {"id": str(number), "name": instrument.name, **_BEFORE, "midiOutNote": str(instrument.note), **_AFTER})
    component = ElementTree.SubElement(element, "instrumentComponent")
    _fill(component, {"component_id": "0", "gain": "1"})
    for voice in instrument.voices:
        # every layer takes every velocity: which of them sounds is a matter of turns alone
        _fill(ElementTree.SubElement(component, "layer"), {"filename": voice.name, "min": "0", "max": "1", "gain": "1", "pitch": "0"})


def _fill(element: ElementTree.Element, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        ElementTree.SubElement(element, name).text = text


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    archive.addfile(entry, io.BytesIO(data))
