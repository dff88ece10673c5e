"""generate, convert and export: commands that write a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from milp.cli.output import replacing

TRACE = "TIMESTAMP,ContextTokens,GeneratedTokens\r\n" + "\r\n".join(
    f"2023-11-16 18:17:03.{i:07d},{100 + 37 * i},{10 + i}" for i in range(12)
)


@pytest.fixture
def trace(tmp_path):
    """Return a small trace in Azure's format: CRLF line ends, the last line without one."""
    path = tmp_path / "conv.csv"
    path.write_bytes(TRACE.encode())
    return path


def test_convert_reads_solves_and_tells_what_it_read(batchproof, trace):
    """A trace becomes an instance that can be solved, and the account of its rows is printed."""
    args = ("--format", "azure", "--preset", "token", "--granularity", "64x32", "--count-cost", "20000")
    outcome = batchproof("convert", trace, *args, "-o", "conv.json", "--json")
    assert outcome.code == 0, outcome.err
    assert (outcome.json["requests"], outcome.json["rows_read"], outcome.json["rows_dropped"]) == (12, 12, {})
    assert batchproof("solve", "conv.json", "--json").json["certified"] is True


def test_convert_keeps_the_first_requests(batchproof, trace):
    """`--first` takes requests from the start of the trace."""
    args = ("--format", "azure", "--preset", "static-graph", "--first", 5, "-o", "conv.json", "--json")
    assert batchproof("convert", trace, *args).json["requests"] == 5


@pytest.mark.parametrize("preset", ["static-graph", "token", "honest-static-graph", "padded-batch"])
def test_convert_makes_every_machine(batchproof, trace, preset):
    """Every preset that the help names can be used."""
    outcome = batchproof("convert", trace, "--format", "azure", "--preset", preset, "-o", "conv.json")
    assert outcome.code == 0, outcome.err
    assert "conv.json" in outcome.out


def test_failed_convert_leaves_no_file(batchproof, trace):
    """A trace with a bad cell is one line that names file and line, and nothing is written."""
    trace.write_bytes(TRACE.replace(",137,", ",many,").encode())
    outcome = batchproof("convert", trace, "--format", "azure", "--preset", "token", "-o", "conv.json")
    assert outcome.code == 2
    assert "conv.csv" in outcome.err
    assert "line 3" in outcome.err
    assert list(Path().iterdir()) == [Path("conv.csv")]


def test_convert_reads_the_public_benchmark(batchproof, data):
    """The reference problem has two streams, eight shapes and its limits."""
    args = ("--format", "terminal-bench", "--preset", "static-graph", "-o", "reference.json", "--json")
    outcome = batchproof("convert", data / "terminal-bench", *args)
    assert outcome.code == 0, outcome.err
    assert (outcome.json["streams"], outcome.json["requests"]) == (2, 1600)


@pytest.mark.parametrize("granularity", ["", "0", "64x", "x64", "64x32x8", "-64", "64.5", "٣"])
def test_nonsense_granularity_is_refused(batchproof, trace, granularity):
    """Only a positive step, or two of them, is a granularity."""
    args = ("--format", "azure", "--preset", "token", f"--granularity={granularity}", "-o", "x.json")
    assert batchproof("convert", trace, *args).code == 2


@pytest.mark.parametrize("count_cost", ["nan", "inf", "-1", "1/0", "lots"])
def test_nonsense_count_cost_is_refused(batchproof, trace, count_cost):
    """A cost is a finite exact number of at least 0."""
    args = ("--format", "azure", "--preset", "token", f"--count-cost={count_cost}", "-o", "x.json")
    assert batchproof("convert", trace, *args).code == 2


def test_generate_is_reproducible(batchproof):
    """Every family gives the same file for the same seed and another for another seed."""
    from instances.generate import FAMILIES

    for family in FAMILIES:
        digests = []
        for seed in (1, 1, 2):
            args = ("generate", family, "--requests", 40, "--seed", seed, "-o", "made.json", "--json")
            outcome = batchproof(*args)
            assert outcome.code == 0, outcome.err
            assert outcome.json["requests"] == 40
            digests.append(outcome.json["digest"])
        assert digests[0] == digests[1] != digests[2], family


@pytest.mark.parametrize(("form", "word"), [("mps", "ROWS"), ("lp", "Minimize")])
def test_export_writes_a_program(batchproof, form, word):
    """The file is in the format asked for, and no temporary file stays."""
    output = Path(f"out/p.{form}")
    outcome = batchproof("export", "catalog:tiny/pad-ratio-real", "--to", form, "-o", output, "--json")
    assert outcome.code == 0, outcome.err
    assert word.lower() in output.read_text().lower()
    assert len(list(Path("out").iterdir())) == 1


def test_replacing_keeps_the_old_file_on_failure(tmp_path):
    """If writing fails, the old file is untouched and the temporary one is gone."""
    path = tmp_path / "file"
    path.write_text("old")

    def fail_half_way() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
