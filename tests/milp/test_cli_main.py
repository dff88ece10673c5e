"""The command group: help, versions, errors and exit codes."""

from __future__ import annotations

import errno
import json
import resource
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import click
import pytest

import milp.cli
from milp.cli.commands import COMMANDS
from milp.cli.main import cli, main


def run_process(*args: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m milp`` in a process of its own."""
    return subprocess.run([sys.executable, "-m", "milp", *args], capture_output=True, text=True, check=False)


def test_help_names_every_command_in_order():
    """The command list is complete, each with what it does in one line of an ordinary terminal."""
    help_text = run_process("--help").stdout
    listed = dict(line.split(maxsplit=1) for line in help_text.split("Commands:")[1].splitlines() if line)
    assert list(listed.items()) == list(COMMANDS.items())
    assert max(map(len, help_text.splitlines())) <= 80


def test_every_command_of_the_package_is_listed():
    """Each module with a command is named in the table, and each name in the table leads to its command."""
    context = click.Context(cli)
    found = [cli.get_command(context, name) for name in COMMANDS]
    assert [command.name for command in found] == list(COMMANDS)
    modules = [import_module(f"milp.cli.{module.name}") for module in iter_modules(milp.cli.__path__)]
    defined = {
        value for module in modules for value in vars(module).values() if isinstance(value, click.Command)
    }
    assert defined - {cli} == set(found)


def test_help_takes_half_a_second_of_processor_time_at_most():
    """`--help` is quick, interpreter included, whatever else the machine does."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run_process("--help")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.5


def test_help_loads_no_heavy_library():
    """Showing the help imports neither numpy nor rich nor any solver."""
    script = (
        "import sys; from milp.cli.main import main; main(['--help']);"
        "heavy = {'numpy', 'pandas', 'rich', 'ortools', 'highspy', 'pulp', 'networkx'};"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_no_arguments_show_the_help(batchproof):
    """The bare command helps instead of failing."""
    outcome = batchproof()
    assert outcome.code == 0
    assert outcome.out.startswith("Usage: batchproof")


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_and_json(batchproof, command):
    """Every command explains itself and takes --json."""
    outcome = batchproof(command, "--help")
    assert outcome.code == 0
    assert "--json" in outcome.out


def test_version(batchproof):
    """`--version` prints name and version on stdout."""
    outcome = batchproof("--version")
    assert outcome.code == 0
    assert outcome.out.startswith("batchproof 0.")


def test_show_versions_names_engines_and_libraries(batchproof):
    """A bug report can name every library and at least one engine."""
    outcome = batchproof("show-versions", "--json")
    assert outcome.code == 0
    assert {"numpy", "msgspec", "pulp"} <= set(outcome.json["libraries"])
    assert outcome.json["engines"]
    assert "python" in batchproof("show-versions").out


@pytest.mark.parametrize(
    "args",
    [
        ("nonsense",),
        ("solve",),
        ("solve", "no-such-instance"),
        ("solve", "catalog:no-such-instance"),
        ("solve", "tiny/pad-ratio-real", "--gap", "nan"),
        ("solve", "tiny/pad-ratio-real", "--gap", "2"),
        ("solve", "tiny/pad-ratio-real", "--time-limit", "0"),
        ("solve", "tiny/pad-ratio-real", "--engine", "no-such-engine"),
        ("solve", "tiny/pad-ratio-real", "--heuristic", "no-such-heuristic"),
        ("verify", "tiny/pad-ratio-real", "no-such-file"),
        ("generate", "no-such-family", "--requests", "3", "-o", "x.json"),
        ("convert", ".", "--format", "no-such-format", "--preset", "token", "-o", "x.json"),
        ("catalog", "--unknown"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(batchproof, args):
    """Whatever the user gets wrong is one line on stderr, no traceback, and nothing on stdout."""
    outcome = batchproof(*args)
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err.startswith("batchproof: error: ")
    assert outcome.err.count("\n") == 1


def test_bad_input_with_json_is_an_object_too(batchproof):
    """A caller that parses stdout finds the error there as well."""
    outcome = batchproof("solve", "no-such-instance", "--json")
    assert outcome.code == 2
    assert outcome.json["status"] == "bad input"
    assert "no-such-instance" in outcome.json["error"]


@pytest.fixture
def failing_command(request):
    """Add a command that raises the parameter, for one test."""

    @click.command("fail")
    def fail():
        raise request.param

    cli.add_command(fail)
    yield
    del cli.commands["fail"]


@pytest.mark.parametrize("failing_command", [KeyboardInterrupt()], indirect=True)
@pytest.mark.usefixtures("failing_command")
def test_interrupt_is_exit_code_130(batchproof):
    """Ctrl-C outside a search is no failed verification."""
    outcome = batchproof("fail")
    assert outcome.code == 130
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize(
    "failing_command", [PermissionError(errno.EACCES, "denied", "f.json")], indirect=True
)
@pytest.mark.usefixtures("failing_command")
def test_operating_system_errors_name_the_file(batchproof):
    """A file that cannot be opened is bad input, and the line names it."""
    outcome = batchproof("fail")
    assert outcome.code == 2
    assert outcome.err == "batchproof: error: f.json: denied\n"


@pytest.mark.parametrize("failing_command", [RuntimeError("a bug")], indirect=True)
@pytest.mark.usefixtures("failing_command")
def test_bugs_are_not_hidden():
    """An error that is not the user's keeps its traceback."""
    with pytest.raises(RuntimeError, match="a bug"):
        main(["fail"])


def test_closed_pipe_is_quiet():
    """`batchproof catalog | head -1` ends without a traceback."""
    command = f"{sys.executable} -m milp catalog | true"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_catalog_names_can_be_read(batchproof):
    """Every listed instance is there, and its size is told."""
    rows = batchproof("catalog", "--json").json["instances"]
    assert rows
    assert all(row["requests"] > 0 for row in rows)
    table = batchproof("catalog").out
    assert all(row["name"] in table for row in rows)


def test_a_file_comes_before_a_catalog_name(batchproof):
    """A bare name means the file if there is one, `catalog:` always the bundled instance."""
    folder = Path("tiny")
    folder.mkdir()
    (folder / "pad-ratio-real").write_text("this is no instance")
    assert batchproof("export", "tiny/pad-ratio-real", "--to", "lp", "-o", "x.lp").code == 2
    assert batchproof("export", "catalog:tiny/pad-ratio-real", "--to", "lp", "-o", "x.lp").code == 0


def test_console_script_is_main():
    """The installed script runs the same function as ``python -m milp``."""
    from importlib.metadata import entry_points

    (script,) = entry_points(group="console_scripts", name="batchproof")
    assert script.load() is main


def test_json_is_the_only_thing_on_stdout(tmp_path):
    """Not even a solver written in C prints beside the JSON object."""
    done = run_process("solve", "catalog:tiny/pad-ratio-real", "--json", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["cost"] is not None
