"""Well-formed traces of every format are read exactly."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from instances.errors import InputError
from instances.traces import FORMATS, Trace, blocks, gather, read_trace

AZURE = "TIMESTAMP,ContextTokens,GeneratedTokens\n"
BURST = "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
BURST_3 = "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
SECOND = 10**9

# Format, text, prompts, gens, arrivals in nanoseconds (None: the format has none).
WELL_FORMED = [
    pytest.param(
        "azure",
        AZURE + "2023-11-16 18:15:46.6805900,374,44\n2023-11-16 18:15:50.9951690,396,109\n",
        [374, 396],
        [44, 109],
        [1700158546680590000, 1700158550995169000],
        id="azure 2023",
    ),
    pytest.param(
        "azure",
        AZURE + "2024-05-10 00:00:00.009930+00:00,2162,5\n2024-05-10 00:00:01+00:00,2399,6\n",
        [2162, 2399],
        [5, 6],
        [1715299200009930000, 1715299201000000000],
        id="azure 2024",
    ),
    pytest.param(
        "burstgpt",
        BURST + "5,ChatGPT,472,18,490,Conversation log\n45.25,GPT-4,1087,230,1317,API log\n",
        [472, 1087],
        [18, 230],
        [5 * SECOND, 45 * SECOND + SECOND // 4],
        id="burstgpt 1",
    ),
    pytest.param(
        "burstgpt",
        BURST_3 + '5,"a, b",1.5,ChatGPT,472,18,490,Conversation log\n',
        [472],
        [18],
        [5 * SECOND],
        id="burstgpt 3",
    ),
    pytest.param(
        "vidur",
        "arrived_at,num_prefill_tokens,num_decode_tokens\n0.1,10,20\n0.12345678949,30,40\n",
        [10, 30],
        [20, 40],
        [SECOND // 10, 123456789],
        id="vidur",
    ),
    pytest.param(
        "mooncake",
        '{"timestamp": 27, "input_length": 6955, "output_length": 52, "hash_ids": [46, 47]}\n',
        [6955],
        [52],
        [27_000_000],
        id="mooncake",
    ),
    pytest.param(
        "bailian",
        '{"chat_id": 1, "parent_chat_id": -1, "timestamp": 61.114, "input_length": 6, "output_length": 7, '
        '"type": "text", "turn": 1, "hash_ids": []}\n',
        [6],
        [7],
        [61_114_000_000],
        id="bailian",
    ),
    pytest.param(
        "llmservingsim",
        '{"input_toks": 8, "output_toks": 9, "arrival_time_ns": 123456789012345678}\n',
        [8],
        [9],
        [123456789012345678],
        id="llmservingsim",
    ),
    pytest.param(
        "jsonl", '{"request_id": "r-1", "prompt_len": 51, "gen_len": 19}\n', [51], [19], None, id="jsonl"
    ),
]


def one(path: Path, format: str, *, arrivals: bool = True, first: int | None = None) -> Trace:
    """Read a trace of one stream."""
    (stream,) = read_trace(path, format, arrivals=arrivals, first=first)
    return stream.trace


def written(folder: Path, text: str | bytes) -> Path:
    """Write a file as it is, and return its path."""
    path = folder / "trace"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(("format", "text", "prompt", "gen", "arrival"), WELL_FORMED)
def test_columns(
    tmp_path: Path, format: str, text: str, prompt: list[int], gen: list[int], arrival: list[int] | None
) -> None:
    """Lengths and arrivals of each format come out as the file has them, to the nanosecond."""
    trace = one(written(tmp_path, text), format)
    assert trace.prompt.dtype == trace.gen.dtype == np.int64
    assert (trace.prompt.tolist(), trace.gen.tolist()) == (prompt, gen)
    assert (None if trace.arrival is None else trace.arrival.tolist()) == arrival
    assert (trace.report.read, trace.report.kept, trace.report.dropped) == (len(gen), len(gen), {})


@pytest.mark.parametrize(("format", "text", "prompt", "gen", "arrival"), WELL_FORMED)
@pytest.mark.parametrize("shape", ["crlf", "open end", "gzip", "blank lines", "byte order mark"])
def test_dress_does_not_matter(
    tmp_path: Path,
    format: str,
    text: str,
    prompt: list[int],
    gen: list[int],
    arrival: list[int] | None,
    shape: str,
) -> None:
    """Line ends, a last line without one, gzip, blank lines and a byte order mark change nothing."""
    data = text.encode()
    dressed = {
        "crlf": data.replace(b"\n", b"\r\n"),
        "open end": data.removesuffix(b"\n"),
        "gzip": gzip.compress(data),
        "blank lines": data.replace(b"\n", b"\n\n") + b"  \n\n",
        "byte order mark": b"\xef\xbb\xbf" + data,
    }[shape]
    trace = one(written(tmp_path, dressed), format)
    assert (trace.prompt.tolist(), trace.gen.tolist()) == (prompt, gen)
    assert (None if trace.arrival is None else trace.arrival.tolist()) == arrival


@pytest.mark.parametrize(("format", "text", "prompt", "gen", "arrival"), WELL_FORMED)
def test_lines_and_blocks_agree(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    format: str,
    text: str,
    prompt: list[int],
    gen: list[int],
    arrival: list[int] | None,
) -> None:
    """Reading line by line, as is done to find an error, gives what the fast parsers give."""
    monkeypatch.setattr(gather, "is_plain_text", lambda _: False)
    trace = one(written(tmp_path, text), format)
    assert (trace.prompt.tolist(), trace.gen.tolist()) == (prompt, gen)
    assert (None if trace.arrival is None else trace.arrival.tolist()) == arrival
    if format == "jsonl":
        assert trace.ids is not None
        assert trace.ids.tolist() == ["r-1"]


def test_every_file_format_is_tried_here() -> None:
    """No format of a single file is left out of the table above."""
    assert {case.values[0] for case in WELL_FORMED} == set(FORMATS) - {"terminal-bench"}


def test_failed_requests_are_dropped_and_counted(tmp_path: Path) -> None:
    """Rows without a response or a prompt are dropped, each counted once under its reason."""
    rows = ["1,m,5,0,5,l", "2,m,5,3,8,l", "3,m,0,3,3,l", "4,m,0,0,0,l"]
    trace = one(written(tmp_path, BURST + "\n".join(rows)), "burstgpt")
    assert (trace.prompt.tolist(), trace.gen.tolist()) == ([5], [3])
    assert trace.arrival is not None
    assert trace.arrival.tolist() == [2 * SECOND]
    assert trace.report.dropped == {"response tokens 0": 2, "request tokens 0": 1}
    text = "4 requests read, 1 kept, dropped: 1 with request tokens 0, 2 with response tokens 0"
    assert str(trace.report) == text


@pytest.mark.parametrize("block", [16, 64, 2**22])
def test_blocks_do_not_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    """The columns are the same however the file is cut into blocks, also in the middle of a line."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", block)
    rows = "".join(f"2023-11-16 18:15:46.{k:07d},{k},{k % 7}\n" for k in range(1, 200))
    trace = one(written(tmp_path, AZURE + rows), "azure")
    kept = [k for k in range(1, 200) if k % 7]
    assert trace.prompt.tolist() == kept
    assert trace.gen.tolist() == [k % 7 for k in kept]
    assert trace.report.dropped == {"generated tokens 0": 199 - len(kept)}


@pytest.mark.parametrize("block", [32, 2**22])
def test_first_counts_kept_requests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    """Reading stops at the N-th kept request: what follows is neither counted nor looked at."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", block)
    path = written(tmp_path, AZURE + "t,1,1\nt,2,0\nt,3,3\nt,4,0\nt,five,5\n")
    trace = one(path, "azure", arrivals=False, first=2)
    assert trace.prompt.tolist() == [1, 3]
    assert (trace.report.read, trace.report.kept) == (3, 2)
    with pytest.raises(InputError, match="line 6"):
        one(path, "azure", arrivals=False, first=3)


def test_arrivals_can_be_skipped(tmp_path: Path) -> None:
    """Without arrivals the times are not parsed, so that a malformed one does not matter."""
    trace = one(written(tmp_path, AZURE + "yesterday,1,2\n"), "azure", arrivals=False)
    assert trace.arrival is None
    assert len(trace) == 1


def test_times_do_not_pass_through_floats(tmp_path: Path) -> None:
    """A time of more digits than a double holds keeps its nanoseconds."""
    text = '{"input_toks": 1, "output_toks": 1, "arrival_time_ns": 900719925474099301}\n'
    trace = one(written(tmp_path, text), "llmservingsim")
    assert trace.arrival is not None
    assert trace.arrival.tolist() == [900719925474099301]


def test_identifiers_follow_their_requests(tmp_path: Path) -> None:
    """Identifiers stay with their requests when some are dropped and the demand is sorted."""
    lines = [("a", 5, 2), ("b", 5, 0), ("c", 1, 2), ("d", 5, 2)]
    text = "".join(f'{{"request_id": "{n}", "prompt_len": {p}, "gen_len": {g}}}\n' for n, p, g in lines)
    demand = one(written(tmp_path, text), "jsonl").demand()
    assert demand.ids is not None
    assert demand.ids.tolist() == ["c", "a", "d"]
    assert demand.count.tolist() == [1, 2]


def test_unused_columns_may_share_a_name(tmp_path: Path) -> None:
    """Only the columns that are read have to be distinct; their order is free."""
    trace = one(written(tmp_path, "x,GeneratedTokens,x,ContextTokens\n1,2,3,4\n"), "azure", arrivals=False)
    assert (trace.prompt.tolist(), trace.gen.tolist()) == ([4], [2])
