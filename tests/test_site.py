"""The documentation site: every page is there and is reached, every link leads somewhere, every command is one."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

import latentwalk as lw
from latentwalk.cli.main import app

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in DOCS.rglob("*.md"))
REFERENCE = [path for path in sorted((DOCS / "reference").glob("*.md")) if path.name != "index.md"]


def leaves(nav: object) -> Iterator[str]:
    """The files that a tree of titles leads to."""
    if isinstance(nav, str):
        yield nav
    for child in nav.values() if isinstance(nav, dict) else nav if isinstance(nav, list) else ():
        yield from leaves(child)


def links(text: str) -> list[str]:
    """Where a page points to in this repository, pictures included, without the place on the page."""
    found = re.findall(r"\]\(([^)\s]+)\)", text)
    return [link.split("#")[0] for link in found if "://" not in link and not link.startswith("#")]


def commands(text: str) -> list[list[str]]:
    """The words of every command of a page, which may go over several lines."""
    lines = re.findall(r"^    (latentwalk .*)$", text.replace("\\\n", " "), re.MULTILINE)
    return [shlex.split(line, comments=True)[1:] for line in lines]


def test_every_page_is_in_the_navigation_once() -> None:
    config = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))
    assert sorted(f"docs/{name}" for name in leaves(config["project"]["nav"])) == PAGES


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", *PAGES])
def test_every_link_leads_to_a_file(page: str) -> None:
    home = (ROOT / page).parent
    missing = [link for link in links((ROOT / page).read_text(encoding="utf-8")) if not (home / link).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES)
def test_links_of_the_site_stay_in_it(page: str) -> None:
    home = (ROOT / page).parent
    assert all((home / link).resolve().is_relative_to(DOCS) for link in links((ROOT / page).read_text("utf-8")))


@pytest.mark.parametrize("page", PAGES)
def test_every_command_has_these_options(page: str) -> None:
    """Read as the shell would give them, not run: those of the guides run in `test_readme`."""
    group = get_command(app)
    for words in commands((ROOT / page).read_text(encoding="utf-8")):
        command = group.commands[words[0]]  # pyright: ignore[reportAttributeAccessIssue]
        command.make_context(words[0], words[1:])


@pytest.mark.parametrize("page", PAGES)
def test_every_snippet_is_python(page: str) -> None:
    for snippet in re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text("utf-8"), re.DOTALL | re.MULTILINE):
        compile(snippet, page, "exec")


def test_every_public_name_is_in_the_reference_once() -> None:
    named = [
        name for path in REFERENCE for name in re.findall(r"^::: latentwalk\.(\w+)$", path.read_text("utf-8"), re.M)
    ]
    assert sorted(named) == sorted(set(lw.__all__) - {"__version__"})


def test_the_list_of_names_leads_to_each() -> None:
    listed = (DOCS / "reference" / "index.md").read_text(encoding="utf-8")
    for path in REFERENCE:
        for name in re.findall(r"^::: latentwalk\.(\w+)$", path.read_text("utf-8"), re.M):
            assert f"({path.name}#latentwalk.{name})" in listed
