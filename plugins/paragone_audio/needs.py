"""What sounds need besides torch: soundfile reads them, torchaudio resamples them.

torchaudio's wheel does not say which torch it belongs to, so pip cannot protect anybody from
a pair that does not fit, and its import then fails in one of several ways. This is the one
module that imports it, and it does so when it is first needed. No torch before that.
"""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import re
from pathlib import Path
from types import ModuleType

from paragone.errors import PluginError

_PAIR = "'torch>=2.11,<2.13' 'torchaudio==2.11.*'"
_TORCH, _TORCHAUDIO = r"2\.1[12]\.", r"2\.11\."


def check() -> None:
    """Find out whether sounds can be worked with here; see :class:`paragone.modality.Modality`.

    Importing torchaudio takes the seconds that importing torch takes. A pair of the versions that belong
    together, built for the same CUDA, is trusted without that.

    Raises:
        PluginError: if not, with the reason and the command that mends it.
    """
    if not (importlib.util.find_spec("soundfile") and importlib.util.find_spec("_soundfile_data")):  # the latter is its library
        soundfile()
    if not _belong_together():
        torchaudio()


def soundfile() -> ModuleType:
    """The package that reads and writes sound files.

    Raises:
        PluginError: if it or its library is missing.
    """
    try:
        import soundfile
    except (ImportError, OSError) as error:
        what = f"cannot be imported ({_first_line(error)})" if importlib.util.find_spec("soundfile") else "is not installed"
        raise PluginError(what, where="soundfile", fix="pip install --force-reinstall soundfile") from error
    return soundfile


def torchaudio() -> ModuleType:
    """The package that resamples and knows the mel scale.

    Raises:
        PluginError: if it is missing, or does not fit torch.
    """
    if importlib.util.find_spec("torchaudio") is None:  # without the seconds that importing torch takes
        raise PluginError("is not installed", where="torchaudio", fix=_command(force=_torch_is_special()))
    try:
        return _tried()
    except (Exception, SystemExit) as error:  # one for another torch may ask that for what it does not have
        raise PluginError(_reason(error), where="torchaudio", fix=_command(force=True)) from error


@functools.cache
def _tried() -> ModuleType:
    """The package, once both that is asked of it was tried: it may be imported, and fail inside."""
    import torch
    import torchaudio.functional  # of a package that was half removed, the name alone can be imported

    torchaudio.functional.melscale_fbanks(65, 0.0, 50.0, 2, 100)
    torchaudio.functional.resample(torch.zeros(1, 8), 2, 1)
    return torchaudio


def _belong_together() -> bool:
    (torch, build), (audio, other) = (_version(name).partition("+")[::2] for name in ("torch", "torchaudio"))
    return bool(re.match(_TORCH, torch) and re.match(_TORCHAUDIO, audio)) and build == other


def _reason(error: BaseException) -> str:
    said = _first_line(error)
    lacks_cuda = any(library in said for library in ("libc10_cuda", "libtorch_cuda", "libcudart"))
    if lacks_cuda and "+cu" not in _version("torch"):
        return f"was built for CUDA, and torch {_version('torch')} was not ({said})"
    if lacks_cuda or (isinstance(error, RuntimeError) and "CUDA" in said):
        return f"{_version('torchaudio')} was built for another version of CUDA than torch {_version('torch')} ({said})"
    return f"{_version('torchaudio')} does not fit torch {_version('torch')} ({type(error).__name__}: {said})"


def _command(force: bool) -> str:
    """Without ``force`` pip leaves a torch of the right version alone, of whatever build it is."""
    return f"pip install {'--force-reinstall ' if force else ''}{_PAIR}"


def _torch_is_special() -> bool:
    """Whether torch was installed as a build such as ``2.12.1+cpu``, which is not the one that torchaudio is built for."""
    try:
        return "+" in importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        return False


def _version(name: str) -> str:
    """Version and build of a package that may not be importable, such as ``2.11.0+cu130``."""
    found = importlib.util.find_spec(name)
    for folder in (found.submodule_search_locations or []) if found else []:
        file = Path(folder, "version.py")
        match = re.search(r"__version__ = '([^']+)'", file.read_text("utf-8")) if file.is_file() else None
        if match:
            return match[1]
    return "(of unknown version)"


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
