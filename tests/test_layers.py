"""The architecture, read from the imports: arrows point down only."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "latentwalk"
FILES = sorted(SOURCE.rglob("*.py"))

FAMILIES = {
    "generators",
    "checkpoints",
    "scorers",
    "methods",
    "walks",
    "training",
    "pictures",
    "remote",
    "metrics",
    "pages",
    "features",
    "inversion",
    "framing",
    "scale",
}
WORDS = {"numerics", "safeload"}
"""Folders that are part of the vocabulary; they know nothing but each other and the files beside them."""

SURFACE = {"cli", "studio", "__main__"}
BELOW = FAMILIES | {"vocabulary"}

MAY_IMPORT: dict[str, set[str]] = {
    "vocabulary": {"vocabulary"},
    **{family: {"vocabulary", family} for family in FAMILIES},
    "jobs": BELOW | {"jobs"},
    "__init__": BELOW | {"jobs"},
    **{room: BELOW | SURFACE | {"jobs", "__init__"} for room in SURFACE},
}
"""Who may import whom. Vocabulary: the files at the top. Families know the vocabulary, not each other, but for: """

MAY_IMPORT["checkpoints"] |= {"generators"}  # a reader turns tensors into the family that they are weights of
MAY_IMPORT["training"] |= {"scorers", "generators"}  # what is trained is one of them
MAY_IMPORT["metrics"] |= {"features"}  # likeness is measured on them

STARTS = {"scale/local.py", "scale/cluster.py"}
"""Files that may start processes: of this interpreter, with our own module."""

EXECUTES = {"eval", "exec", "compile", "__import__", "os.system", "joblib.load", "torch.jit.load", "torch.hub.load"}
"""Functions that run what they are given, or what a file that they read says."""

VAGUE = {"utils", "util", "misc", "common", "core", "helpers", "helper", "manager"}
MOST_LINES = 300


def room(parts: tuple[str, ...]) -> str:
    """Where a module of the package lives, given its dotted path below `latentwalk`."""
    if not parts:
        return "__init__"
    if parts[0] in WORDS:
        return "vocabulary"
    folders = BELOW | SURFACE | {"jobs"}
    return parts[0] if parts[0] in folders or (SOURCE / parts[0]).is_dir() else "vocabulary"


def imports(tree: ast.AST, package: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Dotted paths below `latentwalk` that a module of `package` imports, wherever in the file it does."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = list(("latentwalk", *package)[: len(package) + 2 - node.level]) if node.level else []
            base = start + (node.module.split(".") if node.module else [])
            names = [[*base, alias.name] for alias in node.names] if base == ["latentwalk"] else [base]
        else:
            continue
        yield from (tuple(name[1:]) for name in names if name[0] == "latentwalk")


def forbidden(text: str, parts: tuple[str, ...]) -> list[str]:
    """Imports of one module (its dotted path, then its source) that its room does not allow."""
    home = room(parts)
    return [".".join(name) for name in imports(ast.parse(text), parts[:-1]) if room(name) not in MAY_IMPORT[home]]


def executes(text: str) -> list[str]:
    """Calls in a source text that could execute what a file holds."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module in ("pickle", "marshal", "shelve", "dill", "joblib"):
            found.append(f"from {node.module} import")
        if not isinstance(node, ast.Call):
            continue
        call = ast.unparse(node.func)
        keywords = {k.arg: ast.unparse(k.value) for k in node.keywords}
        if call == "torch.load" and keywords.get("weights_only") != "True":
            found.append(call)
        if call.startswith(("pickle.load", "pickle.Unpickler", "subprocess.")) or call in EXECUTES:
            found.append(call)
        if keywords.get("allow_pickle", "False") != "False":
            found.append(f"{call} with allow_pickle")
    return found


def dotted(file: Path) -> tuple[str, ...]:
    parts = file.relative_to(SOURCE).with_suffix("").parts
    return () if parts == ("__init__",) else parts


def name(file: Path) -> str:
    return str(file.relative_to(SOURCE))


def test_imports_point_down() -> None:
    homeless = {name(file) for file in FILES if room(dotted(file)) not in MAY_IMPORT}
    assert not homeless, "these live in no known layer: add their folder to the table"
    found = {name(file): forbidden(file.read_text(encoding="utf-8"), dotted(file)) for file in FILES}
    assert len(found) > 100 and not {file: upward for file, upward in found.items() if upward}


def test_nothing_untrusted_is_executed() -> None:
    found = {name(file): executes(file.read_text(encoding="utf-8")) for file in FILES if name(file) not in STARTS}
    assert len(found) > 100 and not {file: calls for file, calls in found.items() if calls}
    assert all(executes((SOURCE / file).read_text(encoding="utf-8")) == ["subprocess.Popen"] for file in STARTS)


def test_files_are_short_and_named_for_what_they_hold() -> None:
    assert not {name(f): n for f in FILES if (n := len(f.read_text(encoding="utf-8").splitlines())) > MOST_LINES}
    assert not [name(f) for f in FILES if VAGUE & set(f.relative_to(SOURCE).with_suffix("").parts)]


@pytest.mark.parametrize(
    ("home", "line"),
    [
        (("latents",), "from latentwalk.generators.dcgan import DCGAN"),
        (("latents",), "from latentwalk.jobs.load import load"),
        (("latents",), "import latentwalk"),
        (("walks", "gradient"), "from latentwalk.methods import boundaries"),
        (("walks", "gradient"), "from ..scorers.classifier import Classifier"),
        (("walks", "gradient"), "def later():\n    import latentwalk.jobs.load"),
        (("generators", "dcgan"), "from latentwalk import checkpoints"),
        (("jobs", "load"), "from latentwalk.cli.main import main"),
    ],
)
def test_the_reader_sees_arrows_that_point_up_or_sideways(home: tuple[str, ...], line: str) -> None:
    assert forbidden(line, home)


@pytest.mark.parametrize(
    "line",
    [
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "pickle.load(file)",
        "from pickle import loads",
        "np.load(path, allow_pickle=True)",
        "torch.jit.load(path)",
        "os.system(text)",
        "value = eval(text)",
    ],
)
def test_the_reader_sees_loaders_that_execute(line: str) -> None:
    assert executes(line)
