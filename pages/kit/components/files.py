"""The JavaScript, HTML and CSS beside a component's Python."""

from pathlib import Path


def read(*names: str) -> str:
    """The files of these names, one after the other: a component's script stands on what `dots.js` and others declare."""
    return "\n".join((Path(__file__).parent / name).read_text(encoding="utf-8") for name in names)
