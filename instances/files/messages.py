"""Errors of the JSON decoder as errors of the input."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from instances.errors import InputError

_PLACE = re.compile(r"^(?P<text>.*?)(?: - at `\$\.?(?P<field>[^`]*)`)?$", re.DOTALL)
_BYTE = re.compile(r"^(?P<text>.*) \(byte (?P<byte>\d+)\)$", re.DOTALL)
_FORMS = (
    (re.compile(r"Object missing required field `(.*)`"), "a field {0}", "none"),
    (re.compile(r"Object contains unknown field `(.*)`", re.DOTALL), "documented fields only", "{0}"),
    (re.compile(r"Expected (.*), got `(.*)`", re.DOTALL), "{0}", "{1}"),
    (re.compile(r"Expected (.*)", re.DOTALL), "{0}", None),
    (re.compile(r"Invalid enum value (.*)", re.DOTALL), "one of the documented values", "{0}"),
)


def decode(
    decoder: msgspec.json.Decoder[Any],
    data: bytes,
    file: Path,
    choices: Mapping[str, tuple[str, ...]] | None = None,
) -> Any:
    """Decode one JSON value.

    Parameters
    ----------
    choices
        Field name to its allowed values, for messages.

    Raises
    ------
    InputError
        If it is no JSON or does not have the decoder's type.
    """
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        raise invalid(str(error), choices or {}).located(file=file) from None
    except msgspec.DecodeError as error:
        raise malformed(str(error), data).located(file=file) from None
    except RecursionError:
        raise InputError("JSON of ordinary depth", "hundreds of nested lists", file=file) from None
    except (ValueError, ArithmeticError) as error:
        raise invalid(str(error), {}).located(file=file) from None


def invalid(message: str, choices: Mapping[str, tuple[str, ...]]) -> InputError:
    """Return the error for a value of the wrong type, from msgspec's message."""
    match = _PLACE.match(message)
    assert match is not None
    text, field = match["text"], match["field"] or None
    name = (field or "").rpartition(".")[2]
    for form, expected, found in _FORMS:
        parts = form.fullmatch(text)
        if parts is None:
            continue
        groups = [group.replace("`", "") for group in parts.groups()]
        if form.pattern.startswith("Invalid enum") and name in choices:
            expected = f"one of {', '.join(choices[name])}"
        return InputError(
            expected.format(*groups), None if found is None else found.format(*groups), field=field
        )
    return InputError("a valid value", text.replace("`", ""), field=field)


def malformed(message: str, data: bytes) -> InputError:
    """Return the error for something that is no JSON, with the line that the byte offset points to."""
    match = _BYTE.match(message)
    text = match["text"] if match else message
    end = int(match["byte"]) if match else len(data.rstrip())
    text = text.removeprefix("JSON is malformed: ").replace("Input data was truncated", "the end of the file")
    return InputError("JSON", text, line=data.count(b"\n", 0, end) + 1)
