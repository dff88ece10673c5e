"""The lines of a plan file and how they spell shapes."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from instances.demand import MAX_COUNT, MAX_TOKENS
from instances.errors import InputError
from instances.files.rows import RequestId
from instances.instance import Instance, ShapeKeys

Dimension = Annotated[int, msgspec.Meta(ge=0, le=MAX_TOKENS)]
Many = Annotated[int, msgspec.Meta(ge=1, le=MAX_COUNT)]
PLAIN = ShapeKeys()


def row_type(instance: Instance, keys: ShapeKeys) -> type[msgspec.Struct]:
    """Return the type of one line of a plan of `instance` whose shapes are spelled with `keys`.

    Its fields: `batch_id`, `shape`, and either `request_id` or `stream`, `prompt_len`, `gen_len`, `count`,
    `copies`. A shape has `prompt`, `gen`, `batch` and, in order, `constant0`, `constant1`, …
    """
    space = instance.shapes
    compiled = {"prompt": True, "gen": space.gen is not None, "batch": space.batch is not None}
    required: list[Any] = [(name, Dimension) for name, needed in compiled.items() if needed]
    constants: list[Any] = [(f"constant{k}", int) for k in range(len(keys.constants))]
    optional: list[Any] = [(name, Dimension, 0) for name, needed in compiled.items() if not needed]
    spelled = {"prompt": keys.prompt, "gen": keys.gen, "batch": keys.batch}
    spelled |= {f"constant{k}": key for k, (key, _) in enumerate(keys.constants)}
    shape = msgspec.defstruct(
        "Shape", required + constants + optional, rename=spelled, forbid_unknown_fields=True, gc=False
    )
    return msgspec.defstruct(
        "PlanRow",
        [
            ("batch_id", RequestId),
            ("shape", shape),
            ("request_id", RequestId | None, None),
            ("stream", str | None, None),
            ("prompt_len", Many | None, None),
            ("gen_len", Many | None, None),
            ("count", Many, 1),
            ("copies", Many, 1),
        ],
        gc=False,
    )


def spelling(instance: Instance, first_line: bytes) -> ShapeKeys:
    """Return the keys that a plan file spells shapes with: the instance's, or plain ones."""
    try:
        shape = msgspec.json.decode(first_line)["shape"]
    except (msgspec.DecodeError, KeyError, TypeError, RecursionError, ValueError):
        return instance.shape_keys
    plain = isinstance(shape, dict) and "prompt" in shape and instance.shape_keys.prompt not in shape
    return PLAIN if plain else instance.shape_keys


def check_histogram_row(row: Any) -> None:
    """Refuse a line that names neither a request nor lengths.

    Raises
    ------
    InputError
        Naming the field that is missing.
    """
    for name in ("prompt_len", "gen_len"):
        if getattr(row, name) is None:
            raise InputError("a request_id, or prompt_len, gen_len and count", f"no {name}")
