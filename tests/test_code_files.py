"""Files of codes that people have: whatever the container, the shape and the name decide as they say, or ask."""

import os
import pickle
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from latentwalk.code_files import load_codes
from latentwalk.generator import Generator
from latentwalk.jobs.load import load
from latentwalk.latents import Latents
from random_networks import SIZES, random_biggan, random_stylegan2

WIDTH, LAYERS = 6, 6
"""Of the generator below: also the layers are as many as the numbers of a code, which makes every shape a trap."""


@pytest.fixture(scope="module")
def alike() -> Generator:
    """z and w have 6 numbers, w+ has 6 rows of them."""
    return random_stylegan2(replace(SIZES, mapping=(WIDTH, 9, WIDTH)))


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


Save = Callable[[Path, Tensor], None]

CONTAINERS: dict[str, Save] = {
    "npy": lambda path, values: np.save(path.open("wb"), values.numpy()),
    "fortran": lambda path, values: np.save(path.open("wb"), np.asfortranarray(values.numpy())),
    "big-endian": lambda path, values: np.save(path.open("wb"), values.numpy().astype(">f4")),
    "npz": lambda path, values: np.savez(path.open("wb"), arr_0=values.numpy()),
    "npz-compressed": lambda path, values: np.savez_compressed(path.open("wb"), latent=values.numpy()),
    "torch": lambda path, values: torch.save(values, path),
    "torch-legacy": lambda path, values: torch.save(values, path, _use_new_zipfile_serialization=False),
    "torch-dict": lambda path, values: torch.save(OrderedDict(latents=values.requires_grad_()), path),
    "torch-list": lambda path, values: torch.save([values], path),
    "torch-numpy": lambda path, values: torch.save({"latent": values.numpy()}, path),
    "pickle": lambda path, values: path.write_bytes(pickle.dumps(values.numpy())) and None,
    "safetensors": lambda path, values: save_file({"codes": values.contiguous()}, path),
}

SHAPES: dict[str, tuple[tuple[int, ...], str, tuple[int, ...]]] = {
    "several of w+": ((3, LAYERS, WIDTH), "w+", (3, LAYERS, WIDTH)),
    "one of w+": ((1, LAYERS, WIDTH), "w+", (1, LAYERS, WIDTH)),
    "one of w+ alone": ((LAYERS, WIDTH), "w+", (1, LAYERS, WIDTH)),
    "several of w": ((3, 1, WIDTH), "w", (3, WIDTH)),
    "one of w": ((1, WIDTH), "w", (1, WIDTH)),
}
"""What a file holds, its space, and the shape of the codes."""


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("container", CONTAINERS)
def test_the_container_makes_no_difference(alike, tmp_path, container, shape) -> None:
    stored, space, wanted = SHAPES[shape]
    values = random(*stored)
    CONTAINERS[container](tmp_path / "codes", values)
    found = load_codes(alike, tmp_path / "codes")
    assert found.space == space
    assert torch.equal(found.values, values.detach().reshape(wanted))


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("shape", [(3, WIDTH), (WIDTH,), (2, WIDTH, 1, 1)])
def test_codes_that_fit_z_and_w_are_asked_for(alike, tmp_path, container, shape) -> None:
    values = random(*shape)
    CONTAINERS[container](tmp_path / "codes", values)
    with pytest.raises(
        ValueError, match=r"may hold codes of z or of w: say which with --space z or --space w$"
    ) as caught:
        load_codes(alike, tmp_path / "codes")
    assert "\n" not in str(caught.value)
    for space in ("z", "w"):
        found = load_codes(alike, tmp_path / "codes", space)
        assert found.space == space
        assert torch.equal(found.values, values.detach().reshape(-1, WIDTH))


def test_widths_that_differ_tell_z_from_w(tmp_path) -> None:
    generator = random_stylegan2()
    for space in ("z", "w", "s", "w+"):
        codes = random(4, *generator.spaces[space].shape)
        np.save(tmp_path / "codes.npy", codes.numpy())
        found = load_codes(generator, tmp_path / "codes.npy")
        assert (found.space, found.values.shape) == (space, codes.shape)


def test_as_many_rows_as_layers_are_one_code_unless_a_person_says_otherwise(alike, tmp_path) -> None:
    values, notes = random(LAYERS, WIDTH), []
    torch.save(values, tmp_path / "face.pt")
    one = load_codes(alike, tmp_path / "face.pt", note=notes.append)
    assert (one.space, len(one)) == ("w+", 1)
    assert notes == [f"{tmp_path}/face.pt [6, 6] is taken as 1 code of w+; --space z or --space w takes it otherwise"]
    assert len(load_codes(alike, tmp_path / "face.pt", "z", note=notes.append)) == LAYERS
    assert len(notes) == 1, "nothing is left to say when the person said it"


def test_layers_that_are_equal_are_codes_of_w_when_asked_for(alike, tmp_path) -> None:
    w = random(3, WIDTH)
    torch.save(w[:, None].repeat(1, LAYERS, 1), tmp_path / "equal.pt")
    torch.save(w[:1].repeat(LAYERS, 1), tmp_path / "one.pt")
    torch.save(random(3, LAYERS, WIDTH), tmp_path / "apart.pt")
    assert load_codes(alike, tmp_path / "equal.pt").space == "w+"
    assert torch.equal(load_codes(alike, tmp_path / "equal.pt", "w").values, w)
    assert torch.equal(load_codes(alike, tmp_path / "one.pt", "w").values, w[:1])
    with pytest.raises(ValueError, match=r"\[3, 6, 6\] holds codes of w\+, not of w: leave --space out"):
        load_codes(alike, tmp_path / "apart.pt", "w")


PLAIN, LAYERED = random(3, WIDTH), random(2, LAYERS, WIDTH)

NAMED: dict[str, tuple[Mapping[str, object], str | None, Tensor]] = {
    "w": ({"w": PLAIN, "noise": random(4)}, "w", PLAIN),
    "w of layers": ({"w": LAYERED}, "w+", LAYERED),
    "z": ({"z": PLAIN}, "z", PLAIN),
    "wplus": ({"img": random(2, 3, 4, 4), "wplus": LAYERED}, "w+", LAYERED),
    "latent_in": ({"latent_in": PLAIN, "step": 100}, "w", PLAIN),
    "w before others": ({"latent": random(5, 5), "z": -PLAIN, "w": PLAIN}, "w", PLAIN),
    "projector, w": (
        {f"{i}.png": {"img": random(1, 3, 4, 4), "latent": PLAIN[i], "noise": [random(2)]} for i in range(3)},
        "w",
        PLAIN,
    ),
    "projector, one": ({"me.png": {"latent": PLAIN[0]}}, "w", PLAIN[:1]),
    "projector, w+": ({f"{i}.png": {"latent": LAYERED[i], "noise": [random(2)]} for i in range(2)}, "w+", LAYERED),
    "pictures in a mapping": ({f"{i}.png": {"wplus": LAYERED[i : i + 1]} for i in range(2)}, "w+", LAYERED),
}


@pytest.mark.parametrize("case", NAMED)
def test_a_name_is_taken_at_its_word(alike, tmp_path, case) -> None:
    tree, space, values = NAMED[case]
    torch.save(tree, tmp_path / "codes.pt")
    found = load_codes(alike, tmp_path / "codes.pt")
    assert found.space == space
    assert torch.equal(found.values, values)


def test_a_person_chooses_between_names_and_does_not_overrule_them(alike, tmp_path) -> None:
    np.savez(tmp_path / "both.npz", w=PLAIN.numpy(), z=-PLAIN.numpy())
    assert torch.equal(load_codes(alike, tmp_path / "both.npz", "z").values, -PLAIN)
    np.savez(tmp_path / "w.npz", w=PLAIN.numpy())
    with pytest.raises(ValueError, match="says that its codes are of w, got --space z"):
        load_codes(alike, tmp_path / "w.npz", "z")
    Latents(PLAIN, "w").save(tmp_path / "ours.safetensors")
    assert load_codes(alike, tmp_path / "ours.safetensors").space == "w"
    with pytest.raises(ValueError, match="says that its codes are of w, got --space z"):
        load_codes(alike, tmp_path / "ours.safetensors", "z")


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_floating_point_numbers_of_every_size_are_read(alike, tmp_path, dtype) -> None:
    values = random(2, LAYERS, WIDTH).to(dtype)
    torch.save(values, tmp_path / "codes.pt")
    found = load_codes(alike, tmp_path / "codes.pt")
    assert found.values.dtype == alike.dtype
    assert torch.equal(found.values, values.float())


def test_families_with_z_alone_have_no_doubt(toy, tmp_path) -> None:
    values = random(4, 16)
    for shape in ((4, 16), (4, 1, 16), (4, 16, 1, 1)):
        np.save(tmp_path / "noise.npy", values.reshape(shape).double().numpy())
        found = load_codes(toy, tmp_path / "noise.npy")
        assert (found.space, torch.equal(found.values, values)) == ("z", True)
    np.save(tmp_path / "one.npy", values[0].numpy())
    assert torch.equal(load_codes(toy, tmp_path / "one.npy").values, values[:1])


def test_classes_come_with_the_codes_or_later(tmp_path) -> None:
    generator = random_biggan()
    size, (slots, chunk) = generator.spaces["z"].size, generator.spaces["z+"].shape
    np.savez(tmp_path / "with.npz", z=random(3, size).numpy(), y=np.array([2, 0, 1], np.int32))
    assert load_codes(generator, tmp_path / "with.npz").labels.tolist() == [2, 0, 1]
    np.savez(tmp_path / "bad.npz", z=random(3, size).numpy(), y=np.array([2, 0, 4]))
    with pytest.raises(ValueError, match="class numbers go from 0 to 3"):
        load_codes(generator, tmp_path / "bad.npz")
    np.save(tmp_path / "without.npy", random(slots, chunk).numpy())
    found = load_codes(generator, tmp_path / "without.npy")
    assert (found.space, len(found), found.labels) == ("z+", 1, None)


def test_a_folder_that_latentwalk_wrote_is_its_codes(toy, tmp_path) -> None:
    codes = toy.sample(3)
    codes.save(tmp_path / "latents.safetensors")
    assert torch.equal(load_codes(toy, tmp_path).values, codes.values)


class Attack:
    """Writes a file when it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("touch attacked",)


def lying(path: Path) -> None:
    """A header that promises more numbers than any machine has room for."""
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (2**40, 6)})


WRONG: dict[str, tuple[Callable[[Path], object], str]] = {
    "another width": (
        lambda p: np.save(p, np.zeros((2, 5), "f4")),
        r"shape \[2, 5\]: expected codes of",
    ),
    "other layers": (lambda p: torch.save(torch.ones(1, 18, 6), p), r"shape \[1, 18, 6\]: expected .*w\+ \[n, 6, 6\]"),
    "a space of others": (
        lambda p: np.savez(p, **{"z+": np.ones((1, 4, 6))}),
        r"\[1, 4, 6\]: expected .*z \[n, 6\]",
    ),
    "NaN": (lambda p: np.save(p, np.full((1, 6, 6), np.nan)), "no numbers"),
    "too large": (lambda p: np.save(p, np.full((1, 6, 6), 1e300)), "no numbers"),
    "none": (lambda p: np.save(p, np.zeros((0, 6, 6))), "no codes"),
    "integers": (lambda p: np.save(p, np.ones((1, 6, 6), int)), "torch.int64: latent codes are floating point"),
    "complex": (lambda p: np.save(p, np.ones((1, 6, 6), complex)), "floating point"),
    "objects": (lambda p: np.save(p, np.array([{}], object), allow_pickle=True), "objects or texts"),
    "texts": (lambda p: np.save(p, np.array(["a"])), "objects or texts"),
    "several": (
        lambda p: np.savez(p, a=np.ones((1, 6)), b=np.ones((1, 6))),
        r"several arrays \(a, b\) and none",
    ),
    "several tensors": (lambda p: torch.save({"a": PLAIN, "b": PLAIN}, p), r"several arrays \(a, b\)"),
    "two spaces": (lambda p: torch.save([PLAIN[:, None], LAYERED], p), r"codes of w and w\+: split the file"),
    "nothing": (lambda p: torch.save({"step": 3}, p), "no arrays of numbers"),
    "attack": (lambda p: p.write_bytes(pickle.dumps(Attack())), "nothing was executed"),
    "attack in torch": (lambda p: torch.save({"w": PLAIN, "x": Attack()}, p), "nothing was executed"),
    "promise": (lying, "damaged or truncated"),
    "cut": (lambda p: p.write_bytes(b"PK\x03\x04" + bytes(40)), "damaged"),
    "text": (lambda p: p.write_text("codes"), "not a readable checkpoint"),
    "empty": (lambda p: p.write_bytes(b""), "the file is empty"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_holds_no_codes_is_refused_in_one_line(alike, tmp_path, monkeypatch, case) -> None:
    monkeypatch.chdir(tmp_path)
    write, message = WRONG[case]
    write(tmp_path / "codes")
    (path,) = tmp_path.iterdir()  # numpy adds an ending
    with pytest.raises(ValueError, match=message) as caught:
        load_codes(alike, path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    assert list(tmp_path.iterdir()) == [path], "nothing ran"


@pytest.mark.parametrize(
    ("name", "space", "images", "rows"),
    [
        ("w.npy", "w", "images_w", slice(3)),
        ("w.npy", "z", None, slice(3)),
        ("inverted_face.npy", None, "images_wplus", slice(1)),
        ("inverted_face.npy", "w+", "images_wplus", slice(1)),
        ("projected_w.npz", None, "images_wplus", slice(1)),
        ("latents.pt", None, "images_wplus", slice(3)),
        ("latents.pt", "w+", "images_wplus", slice(3)),
    ],
)
def test_files_of_encoders_draw_the_reference(shared, name, space, images, rows) -> None:
    folder = shared / "cases" / "codes"
    if not folder.is_dir():
        pytest.skip("no folder ../shared/cases/codes: codes of other programs are not compared")
    generator, expected = load(folder / "generator.pkl"), np.load(folder / "ref.npz")
    found = generator.render(load_codes(generator, folder / name, space)).numpy()
    if images is None:
        assert np.abs(found - expected["images_w"]).max() > 0.1, "the wrong space is another picture"
    else:
        np.testing.assert_allclose(found, expected[images][rows], atol=1e-4)  # of +-20
