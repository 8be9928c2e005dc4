"""The lines that the studio says give the same picture, pixel by pixel, without the studio."""

import shlex
from pathlib import Path

import pytest
from PIL import Image

from latentwalk.cli.main import main
from latentwalk.studio.jobs.codes import Codes
from latentwalk.studio.jobs.directions import SaveDirections
from latentwalk.studio.lines import MOVED, START, lines
from latentwalk.studio.model import Model
from latentwalk.studio.models import open_model
from latentwalk.studio.recipe import taken
from latentwalk.studio.session import Session
from latentwalk.studio.state import Share, Slide, State
from told import told


@pytest.fixture(scope="module")
def faces_model() -> Model:
    return open_model("faces64")


def states(session: Session) -> dict[str, State]:
    first, second, third = list(session.model.sliders)[:3]
    two = (Slide(direction=first, amount=1.5), Slide(direction=second, amount=-2.05))
    code = session.model.generator.sample([9])
    kept = session.keep(State(seed=9), code.with_values(0.9 * code.values)).id
    return {
        "a seed": State(seed=3),
        "two sliders": State(seed=4, edits=two),
        "held": State(seed=4, edits=two, hold=(third, first)),
        "truncated": State(seed=5, edits=two[:1], truncation=0.7),
        "truncated alone": State(seed=5, truncation=0.7),
        "between": State(seed=5, mix=(Share(seed=5, weight=0.8), Share(seed=6, weight=0.25)), edits=two[:1]),
        "kept": State(kept=kept, edits=two, hold=(third,)),
        "kept alone": State(kept=kept),
    }


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("a seed", []),
        ("two sliders", []),
        ("held", [MOVED]),
        ("truncated", []),
        ("truncated alone", []),
        ("between", [START]),
        ("kept", [START, MOVED]),
        ("kept alone", [START]),
    ],
)
def test_they_give_the_same_picture(faces_model, tmp_path: Path, monkeypatch, name: str, files: list[str]) -> None:
    monkeypatch.chdir(tmp_path)
    session = Session(faces_model)
    state = states(session)[name]
    said = lines(session, state)
    assert said.files == files
    jobs = {START: Codes(state=state, before=True), MOVED: SaveDirections(state=state)}
    for file in files:
        (word,) = told(jobs[file], session).of("file")
        assert word.details["name"] == file and word.file is not None
        Path(file).write_bytes(word.file)
    exec(compile(said.python, "lines", "exec"), {})
    by_python = Image.open("picture.png").tobytes()
    Path("picture.png").unlink()
    program, *arguments = shlex.split(said.command)
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert program == "latentwalk" and ended.value.code in (0, None)
    (by_command,) = (Image.open(path).tobytes() for path in tmp_path.rglob("picture.png"))
    assert by_python == by_command == taken(session, state)[0].tobytes()
