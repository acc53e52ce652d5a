"""The settings page, made from the settings themselves: ``python tests/docs/reference.py > docs/settings.md``."""

from __future__ import annotations

from paragone.options import Option, options_of
from paragone.registry import registry
from paragone.settings import ENGINE_SECTIONS

HEAD = """# Settings

Made from the code by `python tests/docs/reference.py > docs/settings.md`; a test
keeps it true. Set any of them with `--set section.key=value`, in a TOML file given
to `--config`, or from the library. Presets change some defaults:
`create image train --preset small --print-config` shows the result.
"""


def page() -> str:
    """The whole page."""
    sections = [(f"[{name}]", config) for name, config in ENGINE_SECTIONS.items()]
    for name in ("image", "text", "audio"):
        medium = registry().modality(name)
        sections.append((f"[data] of {name}", medium.data_config))
        sharing: dict[type, list[str]] = {}  # config → the presets that have it
        for preset in medium.presets:
            sharing.setdefault(preset.config, []).append(preset.name)
        for config, presets in sharing.items():
            sections.append((f"[network] of {name}, preset{'s' * (len(presets) > 1)} {' and '.join(presets)}", config))
    return HEAD + "".join(f"\n## {title}\n\n{_table(config)}" for title, config in sections)


def _table(config: type) -> str:
    rows = [_row(option) for option in options_of(config).values()]
    return "| key | default | allowed | meaning |\n|---|---|---|---|\n" + "".join(rows)


def _row(option: Option) -> str:
    allowed = ", ".join(option.choices) or option.range or option.kind.__name__
    return f"| `{option.name}` | {_words(option.default)} | {allowed} | {option.help} |\n"


def _words(default: object) -> str:
    if isinstance(default, bool):  # not by equality: 0 == False
        return str(default).lower()
    return "none" if default is None else str(default) or "empty"


if __name__ == "__main__":
    print(page(), end="")
