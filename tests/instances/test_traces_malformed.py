"""Malformed traces are refused in one line that names the place."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from instances.errors import InputError
from instances.traces import blocks, read_trace
from instances.traces.terminal_bench import STREAMS

HEAD = b"TIMESTAMP,ContextTokens,GeneratedTokens\r\n"
TIME = b"2023-11-16 18:15:46.6805900"
GOOD = TIME + b",374,44\r\n"
BURST = b"Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
HUGE = b"1" + b"0" * 400
LINE = b'{"request_id": "r", "prompt_len": 5, "gen_len": 6}\n'


def row(prompt: bytes, gen: bytes = b"44") -> bytes:
    """Return an azure trace whose second row, on line 3, has these lengths."""
    return HEAD + GOOD + TIME + b"," + prompt + b"," + gen + b"\r\n"


def request(prompt: bytes, name: bytes = b'"s"') -> bytes:
    """Return a jsonl trace whose second line has this prompt length and identifier."""
    return LINE + b'{"request_id": ' + name + b', "prompt_len": ' + prompt + b', "gen_len": 6}\n'


# Format, content, line, field, and a part of the message.
MALFORMED = [
    pytest.param("azure", row(b"abc"), 3, "ContextTokens", "found abc", id="table: a word"),
    pytest.param("azure", row(b"NaN"), 3, "ContextTokens", "found NaN", id="table: NaN"),
    pytest.param("azure", row(b""), 3, "ContextTokens", "found nothing", id="table: no value"),
    pytest.param("azure", row(b"-1"), 3, "ContextTokens", "found -1", id="table: negative"),
    pytest.param("azure", row(b"1.5"), 3, "ContextTokens", "found 1.5", id="table: fraction"),
    pytest.param("azure", row(b"1e3"), 3, "ContextTokens", "found 1e3", id="table: float"),
    pytest.param("azure", row(b"true"), 3, "ContextTokens", "found true", id="table: boolean"),
    pytest.param("azure", HEAD + TIME + b",true,1\n", 2, "ContextTokens", "found true", id="table: booleans"),
    pytest.param("azure", row(b"0x10"), 3, "ContextTokens", "found 0x10", id="table: hexadecimal"),
    pytest.param("azure", row(b"1_0"), 3, "ContextTokens", "found 1_0", id="table: underscore"),
    pytest.param("azure", row(b"1\x002"), 3, "ContextTokens", "an integer", id="table: NUL"),
    pytest.param("azure", row("٣".encode()), 3, "ContextTokens", "an integer", id="table: other digits"),
    pytest.param("azure", row(HUGE), 3, "ContextTokens", "found 1000", id="table: 10**400"),
    pytest.param("azure", row(b"9223372036854775808"), 3, "ContextTokens", "an integer", id="table: 2**63"),
    pytest.param("azure", row(b"1000000001"), 3, "ContextTokens", "to 1000000000", id="table: too long"),
    pytest.param("azure", row(b"5", b"-7"), 3, "GeneratedTokens", "found -7", id="table: negative gen"),
    pytest.param("azure", row(b"5", b"7,8"), 3, None, "expected 3 values, found 4", id="table: surplus"),
    pytest.param(
        "azure", HEAD + TIME + b",1,2,3\n", 2, None, "expected 3 values, found 4", id="table: all surplus"
    ),
    pytest.param("azure", HEAD + GOOD + TIME + b",5", 3, "GeneratedTokens", "found 2", id="table: short"),
    pytest.param("azure", HEAD + TIME + b",5\n", 2, "GeneratedTokens", "found 2", id="table: all short"),
    pytest.param(
        "burstgpt", BURST + b"5,m,8,490,l\n6,m,1,2,3,4,l\n", 2, None, "found 5", id="table: short, surplus"
    ),
    pytest.param("azure", HEAD + b"a,5,6\rb,7,8\n", 2, None, "a line of CSV", id="table: lone CR"),
    pytest.param("azure", HEAD + GOOD + b'"a,5,6\n', 3, None, "a line of CSV", id="table: open quote"),
    pytest.param("azure", HEAD + b'"a\nb",5,6\n', 2, None, "a line of CSV", id="table: quoted line end"),
    pytest.param("azure", HEAD + b"soon,5,6\n", 2, "TIMESTAMP", "found soon", id="table: no date"),
    pytest.param("azure", HEAD + b",5,6\n", 2, "TIMESTAMP", "a date and time", id="table: empty date"),
    pytest.param("azure", HEAD + b"NaT,5,6\n", 2, "TIMESTAMP", "found NaT", id="table: not a time"),
    pytest.param("azure", HEAD + GOOD + b"\xff,5,6\n", 3, None, "UTF-8", id="table: not UTF-8"),
    pytest.param("azure", b"\xff" + HEAD, 1, None, "UTF-8", id="table: header not UTF-8"),
    pytest.param(
        "azure", b"TIMESTAMP,ContextTokens\n" + GOOD, 1, "GeneratedTokens", "column", id="no column"
    ),
    pytest.param("azure", GOOD, 1, "TIMESTAMP", "column", id="table: no header"),
    pytest.param("azure", b"TIMESTAMP,ContextTokens," + HEAD, 1, "TIMESTAMP", "it twice", id="column twice"),
    pytest.param("azure", b"", None, None, "an empty file", id="table: empty"),
    pytest.param("azure", HEAD, None, None, "at least one request, found 0", id="table: header only"),
    pytest.param("azure", HEAD.strip(), None, None, "at least one request, found 0", id="header, open end"),
    pytest.param(
        "azure", row(b"0", b"0")[: len(HEAD)] + TIME + b",5,0", None, None, "0 kept", id="all failed"
    ),
    pytest.param("azure", gzip.compress(row(b"5") * 99)[:-20], None, None, "gzip", id="truncated gzip"),
    pytest.param("azure", gzip.compress(row(b"5"))[:-8] + b"\0" * 8, None, None, "gzip", id="wrong checksum"),
    pytest.param("azure", b"\x1f\x8b" + b"junk" * 9, None, None, "gzip", id="not gzip after all"),
    pytest.param("azure", gzip.compress(row(b"x")), 3, "ContextTokens", "found x", id="gzip: a word"),
    pytest.param("burstgpt", BURST + b"-1,m,5,6,11,l\n", 2, "Timestamp", "found -1", id="seconds: negative"),
    pytest.param("burstgpt", BURST + b"nan,m,5,6,11,l\n", 2, "Timestamp", "found nan", id="seconds: NaN"),
    pytest.param("burstgpt", BURST + b"1e999999,m,5,6,1,l", 2, "Timestamp", "1e999999", id="seconds: vast"),
    pytest.param("jsonl", request(b'"abc"'), 2, "prompt_len", 'found "abc"', id="objects: a string"),
    pytest.param("jsonl", request(b"-1"), 2, "prompt_len", "found -1", id="objects: negative"),
    pytest.param("jsonl", request(b"1.5"), 2, "prompt_len", "found 1.5", id="objects: fraction"),
    pytest.param("jsonl", request(b"true"), 2, "prompt_len", "found true", id="objects: boolean"),
    pytest.param("jsonl", request(b"null"), 2, "prompt_len", "found null", id="objects: null"),
    pytest.param("jsonl", request(b"[1]"), 2, "prompt_len", "found [1]", id="objects: list"),
    pytest.param("jsonl", request(HUGE), 2, "prompt_len", "found 1000", id="objects: 10**400"),
    pytest.param("jsonl", request(b"NaN"), 2, None, "a JSON object", id="objects: NaN"),
    pytest.param(
        "jsonl", request(b"5", b"7"), 2, "request_id", "a string, found 7", id="objects: number as id"
    ),
    pytest.param("jsonl", request(b"5", b'"\xff"'), 2, None, "UTF-8", id="objects: not UTF-8"),
    pytest.param("jsonl", LINE + b'{"prompt_len": 5}', 2, "gen_len", "a field of", id="objects: no field"),
    pytest.param(
        "jsonl", LINE + b"[1, 2]", 2, None, "a JSON object, found [1, 2]", id="objects: not an object"
    ),
    pytest.param("jsonl", LINE + b"5\n", 2, None, "a JSON object, found 5", id="objects: number"),
    pytest.param("jsonl", LINE + LINE[:20], 2, None, "a JSON object", id="objects: cut off"),
    pytest.param("jsonl", LINE.strip() + LINE, 1, None, "a JSON object", id="objects: two on a line"),
    pytest.param("jsonl", LINE.replace(b",", b",\n"), 1, None, "a JSON object", id="objects: over lines"),
    pytest.param("jsonl", LINE + b'{"x": ' + b"[" * 10**5, 2, None, "a JSON object", id="objects: deep"),
    pytest.param("jsonl", b"", None, None, "an empty file", id="objects: empty"),
    pytest.param("jsonl", b"\n \n", None, None, "at least one request", id="objects: blank"),
    pytest.param(
        "mooncake",
        b'{"timestamp": "x", "input_length": 5, "output_length": 6}',
        1,
        "timestamp",
        'found "x"',
        id="objects: no time",
    ),
    pytest.param(
        "mooncake",
        b'{"timestamp": 1e999999, "input_length": 5, "output_length": 6}',
        1,
        "timestamp",
        "found 1e999999",
        id="objects: vast time",
    ),
]


@pytest.mark.parametrize(("format", "content", "line", "field", "part"), MALFORMED)
def test_malformed(
    tmp_path: Path, format: str, content: bytes, line: int | None, field: str | None, part: str
) -> None:
    """Each is an InputError that names file, line and field in one line of readable length."""
    path = tmp_path / "trace"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_trace(path, format)
    error, message = caught.value, str(caught.value)
    assert (error.file, error.line, error.field) == (str(path), line, field)
    assert part in message
    assert "\n" not in message
    assert len(message) < len(str(path)) + 250


@pytest.mark.parametrize("block", [32, 100])
def test_line_is_counted_over_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    """The line is the file's, blank lines and earlier blocks included."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", block)
    path = tmp_path / "trace"
    path.write_bytes(HEAD + GOOD * 40 + b"\r\n\n" + GOOD * 7 + TIME + b",5,six\n" + GOOD)
    with pytest.raises(InputError, match=r"line 51, GeneratedTokens: .* found six"):
        read_trace(path, "azure")


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there is an InputError."""
    with pytest.raises(InputError, match=r"absent\.csv: expected a file, found none of this name"):
        read_trace(tmp_path / "absent.csv", "azure")


def test_folder_as_file(tmp_path: Path) -> None:
    """A folder in place of a file is an InputError."""
    with pytest.raises(InputError, match="expected a file, found a folder"):
        read_trace(tmp_path, "jsonl")


def test_file_as_folder(tmp_path: Path) -> None:
    """A file in place of the folder with both streams is an InputError."""
    path = tmp_path / "requests_bucket_1.jsonl"
    path.write_bytes(LINE)
    with pytest.raises(InputError, match=r"expected a folder with .* found a file"):
        read_trace(path, "terminal-bench")


def test_folder_with_one_stream(tmp_path: Path) -> None:
    """A folder that lacks a stream names the file that is missing."""
    (tmp_path / STREAMS[0][1]).write_bytes(LINE)
    with pytest.raises(InputError, match=r"requests_bucket_2\.jsonl: expected a file"):
        read_trace(tmp_path, "terminal-bench")


def test_line_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file without line ends is refused before it fills the memory."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 64)
    monkeypatch.setattr(blocks, "MAX_LINE_BYTES", 1000)
    path = tmp_path / "trace"
    path.write_bytes(b"x" * 5000)
    with pytest.raises(InputError, match="lines of at most 1000 bytes"):
        read_trace(path, "azure")


def test_unknown_format(tmp_path: Path) -> None:
    """An unknown format names those that exist."""
    with pytest.raises(InputError, match=r"format: expected one of azure, .*, found csv"):
        read_trace(tmp_path, "csv")


@pytest.mark.parametrize("first", [0, -5])
def test_first_is_positive(tmp_path: Path, first: int) -> None:
    """Keeping no request at all is refused."""
    path = tmp_path / "trace"
    path.write_bytes(LINE)
    with pytest.raises(InputError, match="first: expected an integer of at least 1"):
        read_trace(path, "jsonl", first=first)
