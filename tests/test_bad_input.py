"""Every kind of bad input is refused in one line that names the file and the place.

A case is a row of `CASES`; a new kind of file is an entry of `READERS` and rows that name it.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from instances import InputError, Stream, preset, read, read_demand, read_plan
from instances.demand import Demand
from instances.instance import Instance
from milp.certificate_file import PLAN_COLUMNS, read_certificate

GOOD: dict[str, Any] = {
    "format": "batchproof-instance/1",
    "name": "good",
    "streams": [{"name": "a", "requests": {"prompt_len": [5, 70], "gen_len": [3, 4], "ids": ["q", "r"]}}],
    "shapes": {"prompt": {"granularity": 64}},
}
LINE = b'{"request_id":"q","batch_id":"b","shape":{"seq_align":64,"heads_align":32,"hidden_align":4096}}\n'
ROW = b'{"request_id":"q","prompt_len":5,"gen_len":3}\n'

PROOF: dict[str, Any] = {
    "format": "batchproof-certificate/2",
    "instance": "0" * 64,
    "cost_scale": 1,
    "time_scale": 1,
    "lower_bound": "1/2",
    "upper_bound": None,
    "plan": None,
    "nodes": [{"prices": 0}],
    "prices": [{"denominator": 1, "fineness": 1, "objective": 1, "group": [1], "limit": []}],
}


@dataclass(frozen=True)
class Case:
    """Content that a reader must refuse with a message that has all the fragments."""

    name: str
    kind: str
    content: bytes | Callable[[Path], None]
    fragments: tuple[str, ...]


def _read_plan(path: Path) -> object:
    demand = Demand.from_requests([5, 70], [3, 4], ["q", "r"])
    return read_plan(path, Instance("i", (Stream("a", demand),), **preset("static-graph")))


READERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "instance": ("bad.json", read),
    "instance.gz": ("bad.json.gz", read),
    "jsonl": ("bad.jsonl", read_demand),
    "jsonl.gz": ("bad.jsonl.gz", read_demand),
    "csv": ("bad.csv", read_demand),
    "text": ("bad.txt", read_demand),
    "plan": ("bad.jsonl", _read_plan),
    "plan.gz": ("bad.jsonl.gz", _read_plan),
    "certificate": ("bad.certificate.json", read_certificate),
    "certificate.gz": ("bad.certificate.json.gz", read_certificate),
}
"""Kind of file to its name and its reader."""


def changed(field: str, value: object, good: dict[str, Any] = GOOD) -> bytes:
    """Return the good instance with one field, such as ``streams.0.name``, replaced or added."""
    table = json.loads(json.dumps(good))
    *path, last = field.split(".")
    target = table
    for key in path:
        target = target[int(key)] if isinstance(target, list) else target.setdefault(key, {})
    target[last] = value
    return json.dumps(table).encode()


def spliced(field: str, text: str) -> bytes:
    """Return the good instance with a field of a literal text that no encoder writes."""
    return changed(field, "@").replace(b'"@"', text.encode())


def proof(field: str, value: object) -> bytes:
    """Return the good certificate with one field, such as ``prices.0.group``, replaced or added."""
    return changed(field, value, PROOF)


def without(field: str) -> bytes:
    """Return the good instance without a top-level field."""
    return json.dumps({key: value for key, value in GOOD.items() if key != field}).encode()


def _nothing(path: Path) -> None:
    path.unlink(missing_ok=True)


def _link_out(path: Path) -> None:
    outside = path.parent.parent / f"{path.parent.name}-outside.jsonl"
    outside.write_bytes(ROW)
    (path.parent / "inside.jsonl").symlink_to(outside)
    path.write_bytes(changed("streams.0.requests", {"file": "inside.jsonl"}))


def _loop(path: Path) -> None:
    (path.parent / "loop.jsonl").symlink_to("loop.jsonl")
    path.write_bytes(changed("streams.0.requests", {"file": "loop.jsonl"}))


def _bad_sidecar(path: Path) -> None:
    (path.parent / "side.jsonl").write_bytes(ROW + b'{"prompt_len":0,"gen_len":1}\n')
    path.write_bytes(changed("streams.0.requests", {"file": "side.jsonl"}))


REQUESTS = "streams.0.requests"
LIMITS = "streams.0.limits"
ONE = {"prompt_len": 5, "gen_len": 3}
CASES = [
    Case("missing", "instance", _nothing, ("an existing file",)),
    Case("directory", "instance", Path.mkdir, ("expected a file", "a directory")),
    Case("empty", "instance", b" \n", ("an empty file",)),
    Case("not UTF-8", "instance", b'{\n"format": "\xff"}', ("line 2", "UTF-8", "0xff")),
    Case("no gzip", "instance.gz", b"{}", ("a complete gzip file",)),
    Case("half a gzip", "instance.gz", gzip.compress(without("x"))[:-20], ("a complete gzip file",)),
    Case("syntax", "instance", b'{\n"format": "x",\n}', ("line 3", "trailing comma")),
    Case("truncated", "instance", without("x")[:-9], ("line 1", "JSON", "the end of the file")),
    Case("NaN", "instance", spliced("limits.cost", "NaN"), ("line 1", "JSON", "invalid character")),
    Case("Infinity", "instance", spliced("limits.cost", "-Infinity"), ("line 1", "JSON")),
    Case("a list", "instance", b"[1]", ("expected object", "array")),
    Case("deep", "instance", spliced("cost.batch", "[" * 10**5 + "]" * 10**5), ("ordinary depth",)),
    Case("other format", "instance", changed("format", "batchproof-instance/9"), ("format", "/9")),
    Case("no format", "instance", without("format"), ("a field format",)),
    Case("no streams", "instance", without("streams"), ("a field streams",)),
    Case("empty streams", "instance", changed("streams", []), ("streams", "at least one stream")),
    Case("no shapes", "instance", without("shapes"), ("a field shapes",)),
    Case("unknown field", "instance", changed("cots", 1), ("documented fields", "cots")),
    Case("unknown limit", "instance", changed(f"{LIMITS}.padding", 1), ("streams[0].limits", "padding")),
    Case("repeated field", "instance", spliced("name", '"a", "name": "b"'), ("each field once", "name")),
    Case("wrong type", "instance", changed("workers", "two"), ("workers", "int", "str")),
    Case("bool", "instance", changed("workers", True), ("workers", "int", "bool")),
    Case("no worker", "instance", changed("workers", 0), ("workers", ">= 1")),
    Case("no choice", "instance", changed("runs.gen_at", "request"), ("runs.gen_at", "batch, shape")),
    Case("bool as cost", "instance", changed("cost.batch", True), ("cost.batch", "a number", "True")),
    Case("word as cost", "instance", changed("cost.base", "x"), ("cost.base", "a number", "found x")),
    Case("1/0", "instance", changed("cost.base", "1/0"), ("cost.base", "denominator")),
    Case("1e400", "instance", spliced("limits.cost", "1e400"), ("exponent", "1e400")),
    Case("tiny", "instance", spliced("cost.base", "1e-999999999"), ("exponent",)),
    Case("huge exponent", "instance", spliced("cost.base", "1e99999999999999999999"), ("exponent",)),
    Case("10**400", "instance", spliced("cost.base", "1" + "0" * 400), ("cost.base", "40 digits")),
    Case("10**5000", "instance", spliced("cost.base", "1" + "0" * 5000), ("cost.base", "out of range")),
    Case("negative cost", "instance", changed("cost.batch", -1), ("cost.batch", "at least 0", "-1")),
    Case("negative work", "instance", changed("time.work", {"decode": [0, -0.5, 0]}), ("decode[1]", "-0.5")),
    Case("two powers", "instance", changed("cost.work", {"prefill": [1, 2]}), ("cost.work.prefill", "3")),
    Case("power", "instance", changed("cost.compile", [{"coefficient": 1, "gen": 9}]), ("compile[0].gen",)),
    Case("falling", "instance", changed("cost.count", {"table": [2, 1]}), ("cost.count.table", "never")),
    Case("two counts", "instance", changed("cost.count", {"table": [1], "quadratic": 2}), ("cost.count",)),
    Case("negative limit", "instance", changed(LIMITS, {"pad_ratio": -1}), ("streams[0].limits.pad_ratio",)),
    Case("percentile", "instance", changed(LIMITS, {"latency": {"95": 1}}), ("streams[0].limits.latency",)),
    Case("p0", "instance", changed("limits", {"latency": {"p0": 1}}), ("limits.latency", "over 0")),
    Case("p101", "instance", changed("limits", {"latency": {"p101": 1}}), ("limits.latency", "up to 100")),
    Case("p95 twice", "instance", changed(LIMITS, {"latency": {"p95": 1, "p95.0": 2}}), ("each percentile",)),
    Case("no size", "instance", changed("shapes.prompt", {}), ("shapes.prompt", "granularity")),
    Case("sizes", "instance", changed("shapes.gen", {"values": [9, 4]}), ("shapes.gen", "ascending")),
    Case("batch step", "instance", changed("shapes.batch", {"granularity": 4}), ("shapes.batch", "list")),
    Case("gen at shape", "instance", changed("runs.gen_at", "shape"), ("shapes.gen", "compiled gen")),
    Case("keys", "instance", changed("shape_keys", {"gen": "prompt"}), ("shape_keys", "distinct")),
    Case("name", "instance", changed("name", "../a"), ("name", "slashes")),
    Case("streams alike", "instance", changed("streams", GOOD["streams"] * 2), ("distinct stream names",)),
    Case(
        "ids shared",
        "instance",
        changed("streams", [*GOOD["streams"], {**GOOD["streams"][0], "name": "b"}]),
        ("distinct over all streams", "'q' twice"),
    ),
    Case(
        "id twice", "instance", changed(f"{REQUESTS}.ids", ["q", "q"]), ("streams[0].requests", "'q' twice")
    ),
    Case(
        "lengths", "instance", changed(f"{REQUESTS}.gen_len", [1]), ("streams[0].requests.gen_len", "2 val")
    ),
    Case("no lengths", "instance", changed(REQUESTS, {}), ("streams[0].requests", "a file, or columns")),
    Case("no requests", "instance", changed(REQUESTS, []), ("streams[0].requests", "at least one request")),
    Case("zero", "instance", changed(f"{REQUESTS}.prompt_len", [0, 1]), ("requests.prompt_len[0]", ">= 1")),
    Case("float", "instance", changed(f"{REQUESTS}.gen_len", [1, 2.5]), ("gen_len[1]", "int", "float")),
    Case(
        "too long", "instance", changed(f"{REQUESTS}.gen_len", [1, 10**12]), ("gen_len[1]", "<= 1000000000")
    ),
    Case("ids and count", "instance", changed(f"{REQUESTS}.count", [1, 1]), ("either ids or count",)),
    Case("mixed", "instance", changed(REQUESTS, [ONE, {**ONE, "request_id": "q"}]), ("requests[1]", "or in")),
    Case("10**18", "instance", changed(REQUESTS, [{**ONE, "count": 10**16}]), ("requests[0].count",)),
    Case("no sidecar", "instance", changed(REQUESTS, {"file": "no.jsonl"}), ("no.jsonl", "existing")),
    Case("absolute", "instance", changed(REQUESTS, {"file": "/etc/passwd"}), ("requests.file", "folder")),
    Case("dots", "instance", changed(REQUESTS, {"file": "../a.jsonl"}), ("requests.file", "folder")),
    Case("NUL", "instance", changed(REQUESTS, {"file": "a\0.jsonl"}), ("requests.file", "folder")),
    Case("link", "instance", _link_out, ("streams[0].requests.file", "folder", "inside.jsonl")),
    Case("loop", "instance", _loop, ("loop.jsonl",)),
    Case("sidecar row", "instance", _bad_sidecar, ("side.jsonl", "line 2", "prompt_len", ">= 1")),
    Case("unknown suffix", "text", ROW, (".jsonl", ".parquet", "bad.txt")),
    Case("no rows", "jsonl", b"", ("an empty file",)),
    Case("row type", "jsonl", ROW + b'\n\n{"prompt_len":"5","gen_len":1}\n', ("line 4", "prompt_len", "int")),
    Case("row list", "jsonl", ROW + b"[5, 3]\n", ("line 2", "object", "array")),
    Case("row syntax", "jsonl", ROW + b'{"prompt_len":5,\n', ("line 2", "the end of the line")),
    Case("row deep", "jsonl", ROW + b'{"x":' + b"[" * 10**5 + b"\n", ("line 2",)),
    Case("no gen", "jsonl", b'{"prompt_len":5}\n', ("line 1", "a field gen_len")),
    Case("no count", "jsonl", b'{"prompt_len":5,"gen_len":1,"count":0}\n', ("line 1", "count", ">= 1")),
    Case("row field", "jsonl", b'{"prompt_len":5,"gen_len":1,"cuont":1}\n', ("line 1", "cuont")),
    Case("row id", "jsonl", ROW * 2, ("request_id", "'q' twice")),
    Case("some ids", "jsonl", ROW + b'\n{"prompt_len":5,"gen_len":1}\n', ("line 3", "request_id")),
    Case("id with count", "jsonl", ROW[:-2] + b',"count":2}\n', ("line 1", "count", "one request")),
    Case("half a file", "jsonl.gz", gzip.compress(ROW * 99)[:-9], ("a complete gzip file",)),
    Case("no header", "csv", b"5,3\n", ("line 1", "columns", "found 5")),
    Case("column", "csv", b"prompt_len,gen_len,gen_len\n", ("line 1", "gen_len")),
    Case("no column", "csv", b"prompt_len,count\n5,3\n", ("line 1", "a column gen_len")),
    Case("header only", "csv", b"prompt_len,gen_len\n", ("at least one request",)),
    Case("CSV float", "csv", b"prompt_len,gen_len\n5,3\n\n5,1.5\n", ("line 4", "gen_len", "found 1.5")),
    Case("CSV zero", "csv", b"prompt_len,gen_len\n5,3\n0,3\n", ("line 3", "prompt_len", "found 0")),
    Case("CSV gap", "csv", b"prompt_len,gen_len\r\n5,3\r\n5,\r\n", ("line 3", "gen_len", "found nothing")),
    Case("CSV short", "csv", b"prompt_len,gen_len\n5,3\n5\n", ("line 3", "2 columns", "found 1")),
    Case("CSV long", "csv", b"prompt_len,gen_len\n5,3\n5,3,1\n", ("line 3", "2 columns", "found 3")),
    Case("CSV all long", "csv", b"prompt_len,gen_len\n5,3,1\n5,3,1\n", ("line 2", "2 columns", "found 3")),
    Case("CSV huge", "csv", b"prompt_len,gen_len\n5," + b"9" * 400 + b"\n", ("line 2", "gen_len")),
    Case("CSV quote", "csv", b'request_id,prompt_len,gen_len\n"a,5,3\n', ("line 2", "CSV")),
    Case("CSV no id", "csv", b"request_id,prompt_len,gen_len\n,5,3\n", ("line 2", "a request_id")),
    Case("CSV ids", "csv", b"request_id,prompt_len,gen_len\na,5,3\na,5,3\n", ("request_id", "'a' twice")),
    Case("CSV NaN", "csv", b"prompt_len,gen_len\nnan,3\n", ("line 2", "prompt_len", "found nan")),
    Case("plan empty", "plan", b"\n", ("an empty file",)),
    Case("plan syntax", "plan", LINE + b"{\n", ("line 2", "JSON")),
    Case("plan word", "plan", LINE + b"batch 1\n", ("line 2", "JSON")),
    Case(
        "plan no batch",
        "plan",
        LINE + b"\n" + LINE.replace(b'"batch_id":"b",', b""),
        ("line 3", "field batch_id"),
    ),
    Case("plan no shape", "plan", b'{"request_id":"q","batch_id":"b"}\n', ("line 1", "a field shape")),
    Case("plan key", "plan", LINE.replace(b"seq", b"sqe"), ("line 1", "shape", "sqe_align")),
    Case("plan constant", "plan", LINE.replace(b',"heads_align":32', b""), ("line 1", "heads_align")),
    Case("plan negative", "plan", LINE.replace(b"64", b"-64"), ("line 1", "shape.seq_align", ">= 0")),
    Case("plan float", "plan", LINE.replace(b"64", b"64.5"), ("line 1", "shape.seq_align", "float")),
    Case(
        "plan no id", "plan", LINE.replace(b'"request_id":"q",', b""), ("line 1", "request_id", "prompt_len")
    ),
    Case("plan id", "plan", LINE.replace(b'"q"', b"[1]"), ("line 1", "request_id", "array")),
    Case("plan gzip", "plan.gz", LINE, ("a complete gzip file",)),
    Case("missing", "certificate", _nothing, ("an existing file",)),
    Case("empty", "certificate", b"", ("an empty file",)),
    Case("no gzip", "certificate.gz", proof("plan", None), ("a complete gzip file",)),
    Case("half a gzip", "certificate.gz", gzip.compress(proof("plan", None))[:-9], ("a complete gzip file",)),
    Case("truncated", "certificate", proof("plan", None)[:-7], ("line 1", "JSON", "the end of the file")),
    Case("a list", "certificate", b"[]", ("expected object", "array")),
    Case("not UTF-8", "certificate", b'{"format": "\xff"}', ("UTF-8", "0xff")),
    Case("NaN", "certificate", proof("lower_bound", "@").replace(b'"@"', b"NaN"), ("line 1", "JSON")),
    Case("version", "certificate", proof("format", "batchproof-certificate/1"), ("format", "/2", "/1")),
    Case("no format", "certificate", json.dumps({}).encode(), ("a field format",)),
    Case("an instance", "certificate", without("x"), ("format", "batchproof-instance/1")),
    Case("unknown field", "certificate", proof("claim", 1), ("claim",)),
    Case("no fineness", "certificate", proof("prices", [{"denominator": 1}]), ("prices[0]", "fineness")),
    Case("scale", "certificate", proof("cost_scale", 0), ("cost_scale", "at least 1", "0")),
    Case("scale bool", "certificate", proof("time_scale", True), ("time_scale", "int", "bool")),
    Case("scale float", "certificate", proof("cost_scale", 1.5), ("cost_scale", "int", "float")),
    Case("bound", "certificate", proof("lower_bound", "1/0"), ("lower_bound", "p/q", "1/0")),
    Case("bound word", "certificate", proof("upper_bound", "x"), ("upper_bound", "p/q", "found x")),
    Case("bound float", "certificate", proof("lower_bound", 0.5), ("lower_bound", "float")),
    Case("bound digits", "certificate", proof("lower_bound", "9" * 401 + "/7"), ("lower_bound",)),
    Case("no nodes", "certificate", proof("nodes", []), ("nodes", "at least one node")),
    Case("node", "certificate", proof("nodes", [{}]), ("nodes[0].on", "shapes")),
    Case("quantity", "certificate", proof("nodes", [{"on": "size"}]), ("nodes[0].on", "found size")),
    Case("node type", "certificate", proof("nodes", [{"prices": "0"}]), ("nodes[0].prices", "str")),
    Case("node null", "certificate", proof("nodes", [{"prices": None}]), ("nodes[0].prices", "null")),
    Case(
        "node both", "certificate", proof("nodes", [{"prices": 0, "at": 0}]), ("nodes[0]", "leaf", "found at")
    ),
    Case(
        "node ends", "certificate", proof("nodes", [{"on": "shapes", "low": 1}]), ("nodes[0]", "low and high")
    ),
    Case("price null", "certificate", proof("prices.0.cold", None), ("prices[0].cold", "null")),
    Case("group", "certificate", proof("prices.0.group", [0.5]), ("prices[0].group[0]", "int", "float")),
    Case("link", "certificate", proof("prices.0.link", [[0, 1]]), ("prices[0].link[0]", "3")),
    Case("link size", "certificate", proof("prices.0.link", [[2**62, 0, 1]]), ("link", "2**60")),
    Case("plan", "certificate", proof("plan", {"stream": [0]}), ("plan", "prompt")),
    Case(
        "plan size",
        "certificate",
        proof("plan", {name: [2**63 - 1] for name in PLAN_COLUMNS}),
        ("plan.stream", "2**60"),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}: {case.name}")
def test_bad_input_is_refused_in_one_line(case: Case, tmp_path: Path) -> None:
    """Bad input gives an InputError whose single line names the file and the place, and nothing else."""
    name, reader = READERS[case.kind]
    path = tmp_path / name
    if isinstance(case.content, bytes):
        path.write_bytes(case.content)
    else:
        case.content(path)
    with pytest.raises(InputError) as caught:
        reader(path)
    message = str(caught.value)
    assert str(tmp_path) in message
    assert len(message.splitlines()) == 1
    assert len(message.replace(str(tmp_path), "")) < 250
    for fragment in case.fragments:
        assert fragment in message


def test_the_good_files_are_read(tmp_path: Path) -> None:
    """What the cases start from is itself accepted, so that each is refused for its own mistake."""
    path = tmp_path / "good.json"
    path.write_bytes(without("nothing"))
    assert read(path).requests == 2
    plan = tmp_path / "good.jsonl"
    plan.write_bytes(LINE)
    assert _read_plan(plan)
    plan.write_bytes(ROW)
    assert read_demand(plan).requests == 1
    certificate = tmp_path / "good.certificate.json"
    certificate.write_bytes(proof("plan", None))
    assert read_certificate(certificate).leaves == 1
