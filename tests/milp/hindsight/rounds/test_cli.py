"""``rounds`` as a user calls it."""

from __future__ import annotations

import json
import signal
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from milp.hindsight.rounds.certificate_file import read_rounds
from milp.hindsight.rounds.proofs import verify_proof

HEAD = "TIMESTAMP,ContextTokens,GeneratedTokens\n"
LARGE = ("--generate", "lognormal", "--requests", "40", "--per-second", "20", "--time-limit", "2")


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """Nine requests in rounds of a second that the memory of 20 tokens cannot serve all at once."""
    rows = [
        (0, 2, 17),
        (0, 2, 9),
        (0, 2, 8),
        (1, 2, 3),
        (1, 2, 12),
        (4, 2, 5),
        (5, 2, 5),
        (9, 2, 1),
        (9, 2, 4),
    ]
    path = tmp_path / "trace.csv"
    lines = [f"2024-05-10 00:00:{second:02d}.5,{prompt},{gen}" for second, prompt, gen in rows]
    path.write_text(HEAD + "\n".join(lines) + "\n", "utf-8")
    return path


def test_few_requests_are_solved_and_the_proof_stands_alone(
    trace: Path, tmp_path: Path, batchproof: Any
) -> None:
    """The optimum is proven; the proof holds its requests, and belongs to no others."""
    traffic = (trace, "--format", "azure", "--memory", "20", "--round-ms", "1000")
    proof, picture = tmp_path / "proof.json.gz", tmp_path / "picture.png"
    found = batchproof("rounds", *traffic, "-o", proof, "--plot", picture, "--json").json
    assert found["files"] == {"proof": str(proof), "picture": str(picture)}
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert (found["status"], found["method"]) == ("certified optimal", "paths")
    assert found["latency"] == found["lower_bound"] <= found["mc_sf_latency"]
    problem, read = read_rounds(proof)
    assert problem.arrival.tolist() == [0, 0, 0, 1, 1, 4, 5, 9, 9]
    assert problem.latency(read.start) == found["latency"]
    for again in (("--verify", proof), (*traffic, "--verify", proof)):
        verified = batchproof("rounds", *again, "--json").json
        assert {name: verified[name] for name in ("status", "latency", "lower_bound")} == {
            name: found[name] for name in ("status", "latency", "lower_bound")
        }
    other = batchproof("rounds", *LARGE, "--verify", proof, "--json")
    assert other.code == 1
    assert other.json["status"] == "rejected"
    assert other.json["latency"] is other.json["lower_bound"] is other.json["start"] is None


def test_many_requests_are_bounded_from_both_sides(tmp_path: Path, batchproof: Any) -> None:
    """Where there are too many states, prices of memory bound the total latency."""
    proof = tmp_path / "proof.json"
    found = batchproof("rounds", *LARGE, "--memory", "3000", "-o", proof, "--json").json
    assert (found["status"], found["method"]) == ("certified gap", "memory prices")
    assert 0 < found["lower_bound"] < found["latency"] <= found["mc_sf_latency"]
    assert verify_proof(*read_rounds(proof)).lower == found["lower_bound"]
    content = json.loads(proof.read_text("utf-8"))
    proof.write_text(json.dumps(content | {"claim": content["claim"] + 1}), "utf-8")
    forged = batchproof("rounds", "--verify", proof)
    assert forged.code == 1
    assert "less than" in forged.out


@pytest.mark.parametrize(
    ("prompts", "memory"), [((1, 2), 40), ((1, 400), 900)], ids=["paths", "memory prices"]
)
def test_ctrl_c_keeps_what_was_found(
    batchproof: Any, tmp_path: Path, prompts: tuple[int, int], memory: int
) -> None:
    """The search ends long before its time limit, with a schedule and a bound that hold."""
    draw = np.random.default_rng(7)
    prompt = draw.integers(*prompts, 70)
    gen = draw.integers(1, memory - prompt + 1)
    second = np.sort(draw.integers(0, 60, 70))
    rows = zip(second.tolist(), prompt.tolist(), gen.tolist(), strict=True)
    path = tmp_path / "trace.csv"
    path.write_text(HEAD + "".join(f"2024-05-10 00:00:{t:02d}.0,{s},{o}\n" for t, s, o in rows), "utf-8")
    timer = threading.Timer(2.0, signal.raise_signal, (signal.SIGINT,))
    begin = time.monotonic()
    timer.start()
    try:
        outcome = batchproof(
            "rounds", path, "--format", "azure", "--memory", memory, "--round-ms", "1000",
            "--time-limit", "200", "--json",
        )  # fmt: skip
    finally:
        timer.cancel()
    assert time.monotonic() - begin < 90
    assert outcome.code == 0
    assert outcome.json["status"] == "certified gap"
    assert outcome.json["lower_bound"] < outcome.json["latency"]
    assert "incumbent" in outcome.err


def test_tables_compare_mc_sf_with_the_bound(trace: Path, batchproof: Any) -> None:
    """In a terminal: the schedule online, the best one, and what no schedule is below."""
    printed = batchproof("rounds", trace, "--format", "azure", "--memory", "20", "--round-ms", "1000").out
    for word in ("certified optimal", "MC-SF", "best schedule", "certified bound"):
        assert word in printed


def test_requests_that_do_not_fit_are_dropped_if_told(trace: Path, batchproof: Any) -> None:
    """Otherwise they are bad input."""
    traffic = ("rounds", trace, "--format", "azure", "--memory", "15", "--round-ms", "1000")
    refused = batchproof(*traffic)
    assert refused.code == 2
    assert "prompt + gen: expected requests of at most 15 tokens" in refused.err
    assert batchproof(*traffic, "--drop-oversized", "--json").json["dropped"] == 1


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((), "expected either a TRACE or --generate FAMILY"),
        ((*LARGE, "--round-ms", "0"), "expected --round-ms over 0"),
        ((*LARGE, "-o", "a.json", "--verify", __file__), "expected either -o or --verify"),
        ((*LARGE, "--plot", "a.gif"), "ending in png, svg, pdf"),
        (("--verify", __file__), "test_cli.py: expected"),
    ],
)
def test_bad_input_is_one_line(args: tuple[str, ...], words: str, batchproof: Any) -> None:
    """With exit code 2."""
    outcome = batchproof("rounds", *args)
    assert outcome.code == 2
    assert len(outcome.err.splitlines()) == 1
    assert words in outcome.err
