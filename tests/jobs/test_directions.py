"""Files of directions that people have: ours, and those of other programs."""

import io
import zipfile

import numpy as np
import pytest
import torch

from latentwalk.cli.info import kind_of
from latentwalk.direction import Direction, Directions
from latentwalk.jobs.directions import read_directions, read_one
from latentwalk.origin import Origin, Source
from latentwalk.safeload.arrays import MOST_BYTES
from latentwalk.safeload.reading import read_tree
from random_networks import random_stylegan2
from toys import AXES, SIZE, ToyGenerator

OTHER = Origin(generator=Source(source="", fingerprint="0123456789abcdef"))
ROWS = AXES.T.contiguous().numpy()


def test_a_boundary_of_interfacegan_is_one_row(toy, tmp_path) -> None:
    np.save(tmp_path / "smile.npy", 3 * ROWS[:1])
    (found,) = read_directions(tmp_path / "smile.npy", toy)
    assert found.name == "smile"
    assert torch.allclose(found.vector, AXES[:, 0], atol=1e-6)
    assert found.unit == pytest.approx(1, abs=0.05), "codes of z are standard normal"
    assert found.space == "z"


@pytest.mark.parametrize("shape", [(4, SIZE), (4, 1, SIZE)])
def test_components_of_ganspace_are_an_archive(toy, tmp_path, shape) -> None:
    np.savez_compressed(tmp_path / "pca.npz", lat_comp=2 * ROWS[:4].reshape(shape), lat_mean=np.zeros(SIZE))
    found = read_directions(tmp_path / "pca.npz", toy)
    assert [direction.name for direction in found] == ["pca 1", "pca 2", "pca 3", "pca 4"]
    for k, direction in enumerate(found):
        assert torch.allclose(direction.vector, AXES[:, k], atol=1e-6)


@pytest.mark.parametrize("legacy", [False, True])
def test_factors_of_rosinality_are_columns(toy, tmp_path, legacy) -> None:
    path = tmp_path / "factor.pt"
    torch.save({"ckpt": "model.pt", "eigvec": AXES}, path, _use_new_zipfile_serialization=not legacy)
    found = read_directions(path, toy)
    assert len(found) == SIZE
    assert torch.allclose(found[3].vector, AXES[:, 3], atol=1e-6)


def test_foreign_vectors_belong_to_w_where_they_fit_and_have_the_unit_of_its_codes(tmp_path) -> None:
    generator = random_stylegan2()
    size = generator.spaces["w"].size
    vector = torch.nn.functional.normalize(torch.arange(1.0, size + 1), dim=0)
    np.save(tmp_path / "old.npy", vector[None].numpy())
    (found,) = read_directions(tmp_path / "old.npy", generator)
    assert found.space == "w"
    codes = generator.map(generator.sample(range(3000)), "w")
    assert float(found.distance(codes).std()) == pytest.approx(1, abs=0.05)
    assert float(found.distance(codes).mean()) == pytest.approx(0, abs=0.1)
    with pytest.raises(ValueError, match=r"holds \[1, 6\]: expected directions of this generator, in z \[7\]"):
        read_directions(tmp_path / "old.npy", generator, space="z")


def test_ours_are_refused_on_another_generator_unless_forced(toy, tmp_path) -> None:
    path, other = tmp_path / "ours.safetensors", ToyGenerator()
    Directions(
        (Direction("one", AXES[:, 0].contiguous()),),
        Origin(generator=Source(source="", fingerprint="0123456789abcdef")),
    ).save(path)
    with pytest.raises(ValueError, match="was made for the generator 0123456789abcdef"):
        read_directions(path, toy)
    assert read_directions(path, other, force=True)[0].name == "one"


def test_forced_ones_must_fit(tiny, tmp_path) -> None:
    path = tmp_path / "ours.safetensors"
    Directions((Direction("one", AXES[:, 0].contiguous()),)).save(path)
    with pytest.raises(ValueError, match=r"moves z codes by 16 numbers, got z codes of the shape \[8\]"):
        read_directions(path, tiny, force=True)


def bomb(path) -> None:
    """An archive that says it unpacks to more than is read: zeros, which compress well."""
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "<f4", "fortran_order": False, "shape": (2**20, 300)})
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("lat_comp.npy", "w") as entry,
    ):
        entry.write(head.getvalue())
        for _ in range(MOST_BYTES // 2**24 + 1):
            entry.write(bytes(2**24))


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda p: np.save(p, ROWS[:, :5]), r"holds \[16, 5\]: expected directions of this generator, in z \[16\]"),
        (lambda p: np.save(p, np.zeros((2, SIZE))), "expected rows of finite numbers that are not all 0"),
        (lambda p: np.save(p, np.full((1, SIZE), np.nan)), "expected rows of finite numbers"),
        (lambda p: np.save(p, np.zeros((2, 3, 4, 5))), r"holds \[2, 3, 4, 5\]: expected directions"),
        (lambda p: np.save(p, np.array([{"a": 1}], dtype=object), allow_pickle=True), "holds objects or texts"),
        (lambda p: np.savez(p.open("wb"), lat_comp=np.array([{}], dtype=object)), "holds no numbers"),
        (lambda p: p.write_bytes(p.write_bytes(b"\x93NUMPY\x01\x00") and b"\x93NUMPY\x01"), "damaged or truncated"),
        (lambda p: torch.save({"weights": AXES[:, :5].clone()}, p), r"holds \[16, 5\]: expected directions"),
        (lambda p: p.write_bytes(b"nonsense of some length, no format"), "is not a readable file of directions"),
        (bomb, "would need .* bytes, at most"),
    ],
    ids=["size", "zero", "nan", "shape", "objects", "objects-npz", "cut", "no-key", "nonsense", "bomb"],
)
def test_files_that_hold_no_directions_are_refused_in_one_line(toy, tmp_path, write, message) -> None:
    path = tmp_path / "file"
    with path.open("wb"):
        pass
    write(path)
    saved = path if path.stat().st_size else tmp_path / "file.npy"
    with pytest.raises(ValueError, match=message) as caught:
        read_directions(saved, toy)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(toy, tmp_path) -> None:
    with pytest.raises(ValueError, match="expected a file of directions"):
        read_directions(tmp_path / "none.npy", toy)


def test_our_files_are_read_back_whatever_the_length_of_their_header(toy, tmp_path) -> None:
    """Its first byte is that of a pickle in one file of 32, when the header is 128 bytes longer than some 256."""
    path, first = tmp_path / "d.safetensors", set()
    for longer in range(0, 64 * 8, 8):  # headers are padded to eight bytes
        name = "long " + "o" * longer
        Directions((Direction(name, AXES[:, 0].contiguous()),)).save(path)
        first.add(path.read_bytes()[0])
        assert [each.name for each in Directions.load(path)] == [name]
        assert [each.name for each in read_directions(path, toy)] == [name]
        assert read_one(f"{path}:0", toy).name == name
        assert kind_of(path) == "latentwalk.directions"
        assert set(read_tree(path)["state"]) == {"vector.0"}
    assert len(first) == 32 and 0x80 in first


def test_one_direction_is_chosen_by_id_name_or_nickname(toy, tmp_path) -> None:
    path = tmp_path / "a:b.safetensors"
    names = ("left - right", "left + right", "hat: b16 #3", "hat", "Smiling")
    Directions(tuple(Direction(name, AXES[:, i].contiguous()) for i, name in enumerate(names))).save(path)
    for text, index in (
        ("0", 0),
        ("4", 4),
        ("left+right", 1),
        ("hat: b16 #3", 2),
        ("hat:b", 2),
        ("hat", 3),
        ("smi", 4),
    ):
        assert read_one(f"{path}:{text}", toy).name == names[index]
    for text, message in (
        ("5", r"no direction 5: ids count from 0, there are 0 \(left - right\), 1"),
        ("-1", r"no direction -1: ids count from 0, there are 0 \(left"),
        ("left", r"'left' may be 0 \(left - right\), 1 \(left \+ right\): give more of the name, or its id"),
        ("lft", r"no direction 'lft': there are 0 \(left - right\)"),
    ):
        with pytest.raises(ValueError, match=message):
            read_one(f"{path}:{text}", toy)
    with pytest.raises(ValueError, match=r"holds 5 directions: expected .*:NAME or .*:ID, one of 0 \(left - right\)"):
        read_one(str(path), toy)
    with pytest.raises(ValueError, match="expected a file of directions"):
        read_one(f"{tmp_path}/none.safetensors:hat", toy)
