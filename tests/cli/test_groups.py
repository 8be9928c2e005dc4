"""Options in groups, and the help that comes of them."""

import inspect
import re
from dataclasses import dataclass, field
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from latentwalk.cli import edit_output, edit_walks, main, options, outputs, train
from latentwalk.cli.groups import flat

MOST_PARAMETERS = 9


@dataclass(frozen=True)
class Size:
    """A group."""

    wide: Annotated[int, typer.Option(help="How wide [in pixels], needs latentwalk[features].")] = 3
    high: Annotated[int | None, typer.Option("--height", help="How high.")] = None
    deep: Annotated[int, typer.Option(help="Never.")] = field(default=7, init=False)


def measure(name: Annotated[str, typer.Argument(help="A name.")], size: Size) -> None:
    """Say what came [in brackets]."""
    print(name, size)


@pytest.fixture
def call():
    app = typer.Typer(rich_markup_mode="rich")
    app.command()(flat(measure))
    return lambda *arguments: CliRunner().invoke(app, arguments)


def test_fields_are_options_with_the_defaults_of_the_dataclass(call):
    assert call("a").output == f"a {Size()}\n"
    assert call("a", "--wide", "5", "--height", "2").output == f"a {Size(wide=5, high=2)}\n"
    assert call("a", "--deep", "2").exit_code == 2


def test_brackets_are_text(call):
    shown = " ".join(call("--help").output.replace("│", " ").split())
    assert "Say what came [in brackets]." in shown
    assert "How wide [in pixels], needs latentwalk[features]. [default: 3]" in shown


def commands(group=None, path=()):
    """Every command with its words: the groups too."""
    group = group or typer.main.get_command(main.app)
    yield path, group
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, (*path, name))


COMMANDS = dict(commands())


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_prints_every_bracket_and_every_example(run, path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("typer.rich_utils.MAX_WIDTH", 200)
    code, out, err = run(*path, "--help")
    assert (code, err) == (0, "")
    words = " ".join(out.replace("│", " ").split())
    command = COMMANDS[path]
    text = " ".join([command.help or "", *(getattr(each, "help", "") or "" for each in command.params)])
    for bracketed in re.findall(r"\[[^\]]+\]", text.replace("\\[", "[")):
        assert bracketed in words, bracketed
    examples = [line.strip() for line in (command.help or "").splitlines() if line.strip().startswith("latentwalk ")]
    assert len(examples) >= 2, "each command has examples"
    assert all(" ".join(line.split()) in words for line in examples)


def test_the_bracket_that_markup_swallowed_is_there(run):
    words = " ".join(run("evaluate", "--help").out.replace("│", " ").split())
    assert "latentwalk[features]" in words


def test_completion_is_offered_once(run):
    assert "--install-completion" in run("--help").out and "--show-completion" in run("--help").out
    assert "completion" not in run("edit", "--help").out


@pytest.mark.parametrize("path", [(), ("train",)], ids=["latentwalk", "train"])
def test_no_command_is_a_request_for_help(run, path):
    code, out, err = run(*path)
    assert (code, err) == (0, "") and out == run(*path, "--help").out


def test_no_function_takes_a_page_of_parameters():
    from pkgutil import iter_modules

    import latentwalk.cli as cli

    for module in iter_modules(cli.__path__, "latentwalk.cli."):
        for name, found in vars(__import__(module.name, fromlist=["_"])).items():
            if inspect.isfunction(found) and found.__module__ == module.name and not hasattr(found, "__signature__"):
                assert len(inspect.signature(found).parameters) <= MOST_PARAMETERS, f"{module.name}.{name}"


def test_what_commands_name_without_torch_is_true():
    """Defaults and names that stand in the help are those of the things themselves."""
    from latentwalk.images import FORMATS
    from latentwalk.jobs import figures
    from latentwalk.training.celeba import CelebARecipe
    from latentwalk.training.scorer import ScorerRecipe
    from latentwalk.walk import UP
    from latentwalk.walks.gradient import GradientWalk

    assert GradientWalk().max_steps == edit_walks.MAX_STEPS and UP == options.RISE
    (steps,) = (each for each in COMMANDS[("edit",)].params if each.name == "max_steps")
    assert f"Default: {GradientWalk().max_steps}." in steps.help
    assert tuple(figures.PICTURES) == edit_output.PICTURES and tuple(figures.ANIMATIONS) == edit_output.FILMS
    assert figures.NEED_SCORES == edit_output.NEED_SCORES and tuple(FORMATS) == outputs.IMAGES
    scorer, celeba, network = ScorerRecipe(), CelebARecipe(), train.NetworkOptions()
    assert {"scorer": scorer.epochs, "celeba": celeba.epochs} == train.EPOCHS
    for recipe in (scorer, celeba):
        assert (recipe.batch, recipe.architecture, recipe.width, recipe.seed) == (
            network.batch, network.architecture.value, network.width, network.seed
        )  # fmt: skip
