"""What comes with the package, by name, and which names can be opened at all: known before anything is opened."""

from pathlib import Path

ASSETS = Path(__file__).parent / "assets"
BUNDLED = ("faces64", "avatars64")
"""Folders of `assets`: each holds a generator, a scorer and a judge that is independent of it; some a second scorer."""

GENERATORS = {name: ASSETS / name / "generator.safetensors" for name in BUNDLED}
SCORERS = {
    f"{name}{ending}": ASSETS / name / f"{file}.safetensors"
    for name in BUNDLED
    for ending, file in (("", "scorer"), ("-second", "second"), ("-judge", "judge"))
    if (ASSETS / name / f"{file}.safetensors").exists()
}
DIRECTIONS = {name: ASSETS / name / "directions.safetensors" for name in BUNDLED}
"""Files of directions that come with a generator, by its name."""

MEASUREMENTS = ("measurements", "measurements-judge")
"""Names of the scorers that need no training; the second measures the same things in other ways."""


def find_generator(name: str | Path) -> Path:
    """The file or folder of a generator that is on this machine. Raises ValueError when there is none."""
    path = GENERATORS.get(str(name), Path(name))
    if not path.exists():
        raise ValueError(
            f"no generator {str(name)!r}: expected a path, an https:// or hf:// address, "
            f"or one of {', '.join(GENERATORS)}"
        )
    return path


def find_directions(name: str | Path) -> Path:
    """The file of directions that comes with the generator of this name; any other name is that of a file."""
    return DIRECTIONS.get(str(name), Path(name))


def check_scorer(name: str | Path) -> None:
    """Raises ValueError for a name that is neither bundled, nor a file, nor of the form package.module:function."""
    if str(name) in (*SCORERS, *MEASUREMENTS) or Path(name).is_file() or ":" in str(name):
        return
    known = ", ".join((*SCORERS, *MEASUREMENTS))
    raise ValueError(f"no scorer {str(name)!r}: expected a scorer file, package.module:function, or one of {known}")
