"""Help, version, exit codes, and how errors look."""

import subprocess
import sys
from pathlib import Path

import pytest
import typer

from latentwalk.cli import main as entry
from latentwalk.cli.train_generators import GENERATORS
from latentwalk.version import VERSION

COMMANDS = [
    (),
    ("sample",),
    ("studio",),
    ("label",),
    ("invert",),
    ("edit",),
    ("interpolate",),
    ("benchmark",),
    ("evaluate",),
    ("report",),
    ("discover",),
    ("train", "scorer"),
    ("train", "celeba"),
    *(("train", name) for name in GENERATORS),
    ("replay",),
    ("score",),
    ("status",),
    ("verify",),
    ("compact",),
    ("inspect",),
    ("convert",),
    ("info",),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_shows_examples(run, command, flag):
    code, out, err = run(*command, flag)
    assert code == 0 and not err
    _, examples = out.split("Examples:")
    assert examples.count(" ".join(("latentwalk", *command))) >= 2


def test_version(run):
    assert run("--version") == (0, f"latentwalk {VERSION}\n", "")


@pytest.mark.parametrize("arguments", [("nonsense",), ("edit", "faces64"), ("sample", "faces64", "--scale", "0")])
def test_wrong_usage_ends_with_2(run, arguments):
    code, out, err = run(*arguments)
    assert code == 2 and not out and "Traceback" not in err


def test_ctrl_c_ends_with_130(run, monkeypatch):
    def interrupted(*_given, **_named):
        raise KeyboardInterrupt

    monkeypatch.setattr("latentwalk.jobs.load.load", interrupted)
    code, out, err = run("sample", "faces64")
    assert (code, out) == (130, "") and "stopped" in err


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("two\n  lines"), "error: two lines\n"),
        (OSError(28, "No space left on device", "a.png"), "error: No space left on device: a.png\n"),
    ],
)
def test_an_error_is_one_line(run, monkeypatch, error, line):
    def failing(*_given, **_named):
        raise error

    monkeypatch.setattr("latentwalk.jobs.load.load", failing)
    assert run("sample", "faces64") == (2, "", line)


def test_the_commands_themselves_import_nothing_heavy():
    """So that help answers at once, as soon as the package itself is light."""
    cli = Path(entry.__file__).parent
    program = f"""
import sys, types
package = types.ModuleType("latentwalk")
package.__path__ = [{str(cli.parent)!r}]
sys.modules["latentwalk"] = package
import latentwalk.cli.main
print(sorted({{"torch", "numpy", "sklearn", "matplotlib"}} & set(sys.modules)))
"""
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "[]\n"


def every_command(group):
    for command in group.commands.values():
        yield from every_command(command) if hasattr(command, "commands") else [command]


def test_no_command_is_left_out_here():
    names = {command.name for command in every_command(typer.main.get_command(entry.app))}
    assert names == {command[-1] for command in COMMANDS if command}


def test_every_option_has_help():
    for command in every_command(typer.main.get_command(entry.app)):
        assert command.help, command.name
        assert not [parameter.name for parameter in command.params if not getattr(parameter, "help", "")], command.name
