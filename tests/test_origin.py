"""Where directions come from: kept in their file, read back from old ones, and a command that works."""

import json
import shlex
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from latentwalk.direction import Direction, Directions
from latentwalk.options import RenderOptions
from latentwalk.origin import Cost, Naming, Origin, Source

OLD = Path(__file__).parent / "old_files"

FOUND = Origin(
    method="sefa",
    parameters={"layers": ("a", "b"), "normalize": False},
    figures={"hat": {"gain": 0.1 + 0.2}},
    generator=Source(source="my model.pkl", fingerprint="abc"),
    drawing=RenderOptions(truncation=0.7),
    samples=300,
    seed=4,
    space="w",
    classes=[3, 4, 5, 9],
    options={"layers": "a,b"},
    names=Naming(scorer=Source(source="measurements"), codes=32, before={"hat": "sefa 1"}),
    cost=Cost(seconds=1.5, images=0, labels=0),
)


@pytest.mark.parametrize(
    ("file", "command"),
    [
        (
            "regression",
            "--method regression --scorer faces64 --samples 600 --space z --seed 0",
        ),
        ("sefa", "--method sefa --scorer faces64 --samples 600 --space z --seed 0"),
    ],
)
def test_files_of_version_0_1_open(file, command) -> None:
    found = Directions.load(OLD / f"{file}.safetensors")
    origin = found.origin
    assert len(found) == 10 and set(origin.figures) == {direction.name for direction in found}
    assert (origin.method, origin.seed, origin.samples) == (file, 0, 600)
    assert origin.generator == Source(source="faces64", fingerprint="f3e929d13ddccf18")
    assert origin.cost == Cost(
        seconds={"regression": 0.385, "sefa": 0.051}[file], images={"regression": 600, "sefa": 0}[file], labels=0
    )
    assert (origin.scorer and origin.scorer.fingerprint) == {"regression": "328b91597a4ea188", "sefa": None}[file]
    assert (origin.names and origin.names.before[found[0].name]) == {"regression": None, "sefa": "sefa 1"}[file]
    assert origin.command() == f"latentwalk discover faces64 {command}"


def test_the_command_says_all_that_was_chosen() -> None:
    assert shlex.split(FOUND.command()) == [
        *("latentwalk", "discover", "my model.pkl", "--method", "sefa", "--scorer", "measurements", "--samples", "300"),
        *("--space", "w", "--seed", "4", "--class", "3-5,9", "--truncation", "0.7", "--option", "sefa.layers=a,b"),
    ]
    labelled = FOUND.but(labels="my labels.csv", attributes=["hat", "cap"], names=None)
    for part in ("--labels 'my labels.csv'", "--attribute hat --attribute cap"):
        assert part in labelled.command()
    assert "--scorer" not in labelled.command()


def test_what_discover_did_not_find_has_no_command() -> None:
    assert Origin(method="read from factors").command() == "# read from factors: not found with latentwalk discover"
    assert Origin().command().startswith("# directions")


def test_a_file_keeps_all_of_it(tmp_path) -> None:
    Directions((Direction("hat", torch.eye(3)[0]),), FOUND).save(tmp_path / "d.safetensors")
    assert Directions.load(tmp_path / "d.safetensors").origin == FOUND


def test_an_origin_stays_as_it_is() -> None:
    with pytest.raises(ValueError, match="frozen"):
        FOUND.seed = 3  # pyright: ignore[reportAttributeAccessIssue]
    assert FOUND.but(seed=3).seed == 3 and FOUND.seed == 4
    with pytest.raises(ValueError, match="speed"):
        FOUND.but(speed=3)


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"origin": "{"}, "damaged, or newer than this version: origin: Invalid JSON"),
        ({"origin": '{"method": 3}'}, "damaged, or newer than this version: method: Input should be a valid string"),
        ({"origin": '{"planet": 3}'}, "damaged, or newer than this version: planet: Extra inputs are not permitted"),
        ({"source": '{"planet": 3}'}, "damaged, or newer than this version: planet: Extra inputs are not permitted"),
        ({"source": '{"cost": []}'}, "damaged, or newer than this version: cost: "),
        ({"source": '{"names": {"scorer": 3}}'}, "damaged, or newer than this version: names.scorer.source"),
        ({"source": "[]"}, "damaged: expected a JSON object, got list"),
        ({"source": "{"}, "damaged: Expecting property name"),
        ({}, "is not a readable file of directions"),
    ],
)
def test_a_damaged_origin_is_one_line(tmp_path, metadata, message) -> None:
    path = tmp_path / "d.safetensors"
    row = {"name": "a", "space": "z", "unit": 1.0, "offset": 0.0, "layers": None, "range": [-3, 3]}
    save_file(
        {"vector.0": torch.eye(3)[0]}, path, {"kind": "latentwalk.directions", "rows": json.dumps([row]), **metadata}
    )
    with pytest.raises(ValueError, match=message) as caught:
        Directions.load(path)
    assert "\n" not in str(caught.value) and str(caught.value).startswith(str(path))
