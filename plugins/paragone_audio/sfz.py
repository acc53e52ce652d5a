"""Kits in SFZ, the text format that most samplers read (sfzformat.com; opcodes of SFZ 1). No torch."""

from __future__ import annotations

import json

from .instruments import Kit


def write_sfz(kit: Kit) -> str:
    """The text: a group for each instrument, a region for each sound; they follow each other in turns."""
    loop = f"loop_mode=loop_continuous loop_start=0 loop_end={kit.length - 1}"
    mode = loop if kit.loop else "loop_mode=one_shot"  # for each group: SFZ 1 has no header for all
    facts = json.dumps(dict(kit.facts), sort_keys=True)
    lines = [f"// {kit.name}", f"// {facts}"]
    for instrument in kit.instruments:
        lines += ["", f"// {instrument.name}", f"<group> key={instrument.note} seq_length={len(instrument.voices)} {mode}"]
        for position, voice in enumerate(instrument.voices, 1):
            lines.append(f"<region> seq_position={position} sample={kit.folder}/{voice.name}")
    return "\n".join(lines) + "\n"
