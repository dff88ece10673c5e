"""The bundled instances, by name: ``tiny/pad-ratio-real`` is a file of that name in this package."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from instances.errors import InputError


def names() -> list[str]:
    """Return the names of all bundled instances, ``family/instance``, in ascending order."""
    root = _root()
    return sorted(file.relative_to(root).with_suffix("").as_posix() for file in root.glob("*/*.json"))


def path(name: str) -> Path:
    """Return the file of a bundled instance.

    Raises
    ------
    InputError
        If there is no instance of that name.
    """
    if name not in names():
        raise InputError("the name of a bundled instance, such as tiny/max-shapes", name, field="instance")
    return _root() / f"{name}.json"


def _root() -> Path:
    # A wheel is installed unpacked, so that its resources are files.
    return Path(str(files(__name__)))


__all__ = ["names", "path"]
