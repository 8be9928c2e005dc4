"""Directions as other programs save them: one per file or key, of w or of w+, with the unit of this generator."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from latentwalk.direction import Directions
from latentwalk.edits import codes_for
from latentwalk.generator import Generator
from latentwalk.jobs.directions import read_directions
from latentwalk.jobs.edit import edit
from latentwalk.jobs.evaluate import evaluate
from latentwalk.jobs.load import load, load_scorer
from latentwalk.receipts import describe_direction, read_direction
from latentwalk.walks.fixed import FixedWalk
from random_networks import SIZES, random_biggan, random_stylegan2

WIDTH, LAYERS = 6, 6
"""Of the generator below: also the layers are as many as the numbers of a code, which makes every shape a trap."""


@pytest.fixture(scope="module")
def alike() -> Generator:
    """z and w have 6 numbers, w+ has 6 rows of them."""
    return random_stylegan2(replace(SIZES, mapping=(WIDTH, 9, WIDTH)))


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


ROW, APART = random(WIDTH), random(LAYERS, WIDTH, seed=1)

CONTAINERS: dict[str, Callable[[Path, Tensor], object]] = {
    "npy": lambda path, values: np.save(path.open("wb"), values.numpy()),
    "npz": lambda path, values: np.savez(path.open("wb"), direction=values.numpy()),
    "torch": lambda path, values: torch.save(values, path),
    "torch-dict": lambda path, values: torch.save({"boundary": values, "intercept": 0.3}, path),
    "safetensors": lambda path, values: save_file({"direction": values.contiguous()}, path),
}

SHAPES = {
    "[d]": (ROW, "w", ROW),
    "[1, d]": (ROW[None], "w", ROW),
    "[1, 1, d]": (ROW[None, None], "w", ROW),
    "[L, d], equal": (ROW.repeat(LAYERS, 1), "w", ROW),
    "[1, L, d], equal": (ROW.repeat(1, LAYERS, 1), "w", ROW),
    "[L, d], apart": (APART, "w+", APART.flatten()),
    "[1, L, d], apart": (APART[None], "w+", APART.flatten()),
}
"""What a file holds, the space, and what the direction is along."""


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("container", CONTAINERS)
def test_one_direction_is_one_whatever_its_container_and_shape(alike, tmp_path, container, shape) -> None:
    stored, space, along = SHAPES[shape]
    CONTAINERS[container](tmp_path / "smile", stored)
    (found,) = read_directions(tmp_path / "smile", alike)
    assert (found.name, found.space) == ("smile", space)
    assert torch.allclose(found.vector, F.normalize(along, dim=0), atol=1e-6)


def test_the_unit_is_one_standard_deviation_of_the_codes_and_the_boundary_at_their_mean(alike, tmp_path) -> None:
    for name, values in {"w": ROW, "w+": APART}.items():
        torch.save(values, tmp_path / "d.pt")
        (found,) = read_directions(tmp_path / "d.pt", alike)
        codes = alike.map(alike.sample(range(3000)), name)
        assert float(found.distance(codes).mean()) == pytest.approx(0, abs=0.1)
        spread = float(found.distance(codes).std())
        assert spread <= 1.05 and (name == "w+" or spread == pytest.approx(1, abs=0.05))


def test_layers_of_equal_rows_move_as_far_in_w_plus_as_in_w(alike, tmp_path) -> None:
    """Half of the layers, the others at rest, is the direction of w on these layers."""
    half = torch.zeros(LAYERS, WIDTH)
    half[2:5] = ROW
    torch.save(half, tmp_path / "half.pt")
    torch.save(ROW, tmp_path / "whole.pt")
    (part,), (whole,) = (read_directions(tmp_path / f"{name}.pt", alike) for name in ("half", "whole"))
    start = alike.map(alike.sample(4), "w+")
    expected = whole.on_layers(2, 5).shift(start, 2.0).values
    assert torch.allclose(part.shift(start, 2.0).values, expected, atol=1e-4)


def test_layers_that_cancel_each_other_still_have_a_unit(alike, tmp_path) -> None:
    torch.save(torch.cat([ROW.repeat(3, 1), -ROW.repeat(3, 1)]), tmp_path / "contrast.pt")
    torch.save(ROW, tmp_path / "whole.pt")
    (found,), (whole,) = (read_directions(tmp_path / f"{name}.pt", alike) for name in ("contrast", "whole"))
    assert found.unit == pytest.approx(whole.unit, rel=1e-3)


def test_named_ones_keep_their_names(alike, tmp_path) -> None:
    given = {"age": ROW, "smile": ROW.repeat(LAYERS, 1), "pose": APART, "odd": random(3, 5), "pair": random(2, WIDTH)}
    notes: list[str] = []
    for name, write in {
        "d.pt": lambda path: torch.save(given, path),
        "d.npz": lambda path: np.savez(path, **{key: values.numpy() for key, values in given.items()}),
        "d.safetensors": lambda path: save_file(given, path),
    }.items():
        write(tmp_path / name)
        found = read_directions(tmp_path / name, alike, note=notes.append)
        spaces = {each.name: each.space for each in found}
        assert spaces == {"age": "w", "smile": "w", "pose": "w+", "pair 1": "w", "pair 2": "w"}
        assert any("in odd: left out" in note for note in notes)


def test_a_key_says_the_space(alike, tmp_path) -> None:
    torch.save({"z": ROW[None]}, tmp_path / "age.pt")
    torch.save({"glasses": {"z": ROW}, "hat": {"w": ROW}}, tmp_path / "many.pt")
    assert [(d.name, d.space) for d in read_directions(tmp_path / "age.pt", alike)] == [("age", "z")]
    assert [(d.name, d.space) for d in read_directions(tmp_path / "many.pt", alike)] == [("glasses", "z"), ("hat", "w")]


def test_what_was_decided_is_said_and_can_be_decided_otherwise(alike, tmp_path) -> None:
    notes: list[str] = []
    np.save(tmp_path / "age.npy", ROW[None].numpy())
    np.save(tmp_path / "pose.npy", APART.numpy())
    for name, words in (("age", "taken as of w; --direction-space z"), ("pose", "taken as 1 direction of w+")):
        assert len(read_directions(tmp_path / f"{name}.npy", alike, note=notes.append)) == 1
        assert words in notes.pop() and not notes
    assert read_directions(tmp_path / "age.npy", alike, "z", note=notes.append)[0].space == "z"
    assert len(read_directions(tmp_path / "pose.npy", alike, "w", note=notes.append)) == LAYERS
    assert not notes
    with pytest.raises(ValueError, match="has the spaces z, w, w\\+, s, got 'y'"):
        read_directions(tmp_path / "age.npy", alike, "y")


def test_pieces_of_z_are_one_direction_of_z_plus(tmp_path) -> None:
    generator = random_biggan()
    slots, chunk = generator.spaces["z+"].shape
    for rows in (random(slots, chunk), random(chunk).repeat(slots, 1)):
        np.save(tmp_path / "d.npy", rows.numpy())
        (found,) = read_directions(tmp_path / "d.npy", generator)
        assert (found.space, len(found.vector)) == ("z+", slots * chunk)
    np.save(tmp_path / "z.npy", random(2, slots * chunk).numpy())
    assert [each.space for each in read_directions(tmp_path / "z.npy", generator)] == ["z", "z"]


def test_a_direction_of_w_plus_edits_is_kept_and_is_judged(alike, tmp_path) -> None:
    torch.save(APART, tmp_path / "pose.pt")
    found = read_directions(tmp_path / "pose.pt", alike)
    found.save(tmp_path / "ours.safetensors")
    again = read_directions(tmp_path / "ours.safetensors", alike)
    start = alike.map(alike.sample(3), "w+")
    expected = start.values + 1.5 * found[0].unit * found[0].vector.view(LAYERS, WIDTH)
    for direction in (found[0], again["pose"], read_direction(describe_direction(found[0]))):
        edited = edit(alike, start, walk=FixedWalk(Directions((direction,)), (1.5,)))
        assert torch.allclose(edited.latents.values, expected, atol=1e-5)
    result = evaluate(alike, [found], load_scorer("measurements-judge", "cpu", alike), codes=8, strengths=3)
    assert result["read from boundary:pose"].metrics["effect"] is not None


def test_a_direction_of_w_goes_along_with_one_of_w_plus(alike, tmp_path) -> None:
    torch.save({"age": ROW, "pose": APART}, tmp_path / "d.pt")
    age, pose = read_directions(tmp_path / "d.pt", alike)
    start = alike.sample(2)
    walked = edit(alike, start, walk=FixedWalk(Directions((age, pose)), (1.0, 2.0)))
    layered = codes_for(alike, start, age, pose)
    assert torch.allclose(walked.latents.values, pose.shift(age.shift(layered, 1.0), 2.0).values, atol=1e-5)


@pytest.mark.parametrize(
    ("file", "space", "reference", "images"),
    [
        ("age.pt", "w", "direction", "images_after"),
        ("smile.npy", "w", "direction", "images_after"),
        ("gender_wplus.npy", "w+", "direction_wplus", "images_after_wplus"),
    ],
)
def test_files_of_other_programs_edit_as_the_reference(shared, file, space, reference, images) -> None:
    folder = shared / "cases" / "directions"
    if not folder.is_dir():
        pytest.skip("no folder ../shared/cases/directions: directions of other programs are not compared")
    generator, ref = load(folder / "generator.pkl"), np.load(folder / "ref.npz")
    (found,) = read_directions(folder / file, generator)
    along = torch.from_numpy(ref[reference]).flatten()
    assert (found.name, found.space) == (Path(file).stem, space)
    assert float(F.cosine_similarity(found.vector, along, dim=0)) == pytest.approx(1, abs=1e-6)
    start = codes_for(generator, generator.check(torch.from_numpy(ref["z"])), found)
    strength = float(ref["step"]) * float(along.norm()) / found.unit
    moved = generator.render(found.shift(start, strength)).numpy()
    np.testing.assert_allclose(generator.render(start).numpy(), ref["images_before"], atol=1e-3)
    np.testing.assert_allclose(moved, ref[images], atol=1e-3)


def test_the_length_of_a_vector_in_a_file_is_no_strength(alike, tmp_path) -> None:
    torch.save(ROW, tmp_path / "short.pt")
    torch.save(1e4 * ROW, tmp_path / "long.pt")
    (short,), (long,) = (read_directions(tmp_path / f"{name}.pt", alike) for name in ("short", "long"))
    assert torch.allclose(short.vector, long.vector)
    assert short.unit == pytest.approx(long.unit)
