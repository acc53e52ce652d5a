"""A drum kit of many sounds: an SFZ file, a Hydrogen kit, and the sounds in a folder beside them. No torch."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from paragone.errors import UsageError

from .config import AudioSample
from .hydrogen import write_hydrogen
from .instruments import Instrument, Kit, Voice, one_line, plain
from .notes import KEYS, give_notes
from .sfz import write_sfz
from .sound import is_loop

if TYPE_CHECKING:
    from paragone.batch import Batch


class KitMaker:
    """Makes a kit of a batch; see :class:`paragone.collecting.Collector`.

    Args:
        options: where to, and the format of the sounds.

    Raises:
        UsageError: if the file's name does not end in ``.sfz``.
    """

    count = 4
    most = 16
    """Hydrogen has room for so many in an instrument."""
    labels = KEYS
    alike = True
    """The sounds of an instrument take turns on one key: they are to be hits of one drum."""

    def __init__(self, options: AudioSample) -> None:
        self.path = Path(options.kit)
        if self.path.suffix.lower() != ".sfz":
            raise UsageError(f"{options.kit!r} does not end in .sfz", where="--kit", fix="Name the kit's file, such as --kit drums.sfz.")

    def files(self, batch: Batch) -> dict[Path, bytes]:
        """The sounds, the SFZ file and the Hydrogen kit, by their places.

        Raises:
            UsageError: if there are more labels than keys, or more sounds of one than :attr:`most`.
        """
        kit = self._kit(batch)
        content = {self.path.parent / kit.folder / voice.name: voice.data for each in kit.instruments for voice in each.voices}
        content[self.path] = write_sfz(kit).encode()
        content[self.path.with_suffix(".h2drumkit")] = write_hydrogen(kit)
        return content

    def _kit(self, batch: Batch) -> Kit:
        from paragone.artefacts import writer_of  # brings torch, which whoever only asks for a kit need not wait for

        spec = batch.sampler.spec
        artefacts = writer_of(batch.sampler.modality, spec, batch.options)
        by_label: dict[str | None, list[int]] = {}
        for index, label in enumerate(batch.labels):
            by_label.setdefault(label, []).append(index)
        order = [label for label in (*batch.sampler.labels, None) if label in by_label]
        names = [one_line(label) if label else one_line(self.path.stem) for label in order]
        instruments, taken = [], set[str]()
        for label, name, note in zip(order, names, give_notes(names), strict=True):
            if len(by_label[label]) > self.most:
                what = f"{len(by_label[label])} sounds of {name} are too many, there is room for {self.most}"
                raise UsageError(what, where="--kit", fix="Make fewer of each label: give a smaller --count.")
            voices = []
            for index in by_label[label]:
                file = _free(f"{plain(name)}-{batch.requests[index].name}", artefacts.extension, taken)
                voices.append(Voice(file, artefacts.encode(batch.samples[index], batch.provenance(index))))
            instruments.append(Instrument(name, note, voices))
        own = ("seed", "label", "walk", "chosen")  # of one sound: that sound's file tells them
        facts = {key: value for key, value in batch.provenance(0).items() if key not in own}
        # not the bare name: a folder of that name may well be what it was trained on
        folder = re.sub(r"[^\w. -]", "_", f"{self.path.stem}-sounds").lstrip(" .")
        return Kit(one_line(self.path.stem), folder, instruments, spec.shape[1], is_loop(spec), facts)


def collect(options: AudioSample) -> KitMaker | None:
    """What the plugin declares; see :class:`paragone.collecting.OpenCollector`."""
    return KitMaker(options) if options.kit else None


def _free(stem: str, extension: str, taken: set[str]) -> str:
    """A name that is not in ``taken``, where it is put; two labels may be alike once they are plain."""
    name, number = f"{stem}{extension}", 2
    while name.lower() in taken:
        name, number = f"{stem}-{number}{extension}", number + 1
    taken.add(name.lower())
    return name
