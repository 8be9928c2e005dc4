"""Arrays of any file by name; damaged and hostile ones end in one line."""

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from latentwalk.latents import Latents
from latentwalk.safeload import arrays
from latentwalk.safeload.arrays import read_arrays
from latentwalk.safeload.nodes import CheckpointError

TREE = {"a": {"b": [torch.ones(2), {"c": torch.zeros(3)}]}, 7: torch.ones(1), "n": 3, "t": "text"}


def test_arrays_have_the_way_to_them_as_their_name(tmp_path) -> None:
    torch.save(TREE, tmp_path / "tree.pt")
    found = read_arrays(tmp_path / "tree.pt")
    assert found.kind == ""
    assert {key: list(values.shape) for key, values in found.arrays.items()} == {
        ("a", "b", 0): [2],
        ("a", "b", 1, "c"): [3],
        ("7",): [1],
    }


def test_what_latentwalk_wrote_says_so_and_nothing_else_can(tmp_path) -> None:
    Latents(torch.ones(1, 4)).save(tmp_path / "ours.safetensors")
    assert read_arrays(tmp_path / "ours.safetensors").kind == "latentwalk.latents"
    save_file({"w": torch.ones(1, 4)}, tmp_path / "plain.safetensors", {"kind": "of somebody"})
    assert read_arrays(tmp_path / "plain.safetensors").kind == ""
    for metadata in ({"kind": "latentwalk.latents"}, {"kind": 3}, "text"):
        torch.save({"metadata": metadata, "state": {"w": torch.ones(1)}}, tmp_path / "posing.pt")
        found = read_arrays(tmp_path / "posing.pt")
        assert (found.kind, list(found.arrays)) == ("", [("state", "w")])


@pytest.mark.parametrize("dtype", ["<f2", "<f4", ">f4", "<f8", ">f8", "<i4", ">i2", "|b1", "<c8"])
def test_numpy_reads_the_same(tmp_path, dtype) -> None:
    values = (np.arange(12).reshape(3, 4) % 5).astype(dtype)
    for name, array in {"c": values, "fortran": np.asfortranarray(values), "view": values[::2, ::-1]}.items():
        np.save(tmp_path / name, array)
        np.savez(tmp_path / name, only=array)
        for file, key in ((f"{name}.npy", ()), (f"{name}.npz", ("only",))):
            assert np.array_equal(read_arrays(tmp_path / file).arrays[key].numpy(), array)


def test_what_is_no_number_is_left_out(tmp_path) -> None:
    np.savez(tmp_path / "mixed.npz", w=np.ones(2), who=np.array(["me"]), when=np.array(["2020"], "M8[Y]"))
    assert list(read_arrays(tmp_path / "mixed.npz").arrays) == [("w",)]


def stored() -> dict[str, bytes]:
    """Small files of every container."""
    files = {name: io.BytesIO() for name in ("npy", "npz", "packed", "torch", "pickle")}
    np.save(files["npy"], np.ones((2, 3), "f4"))
    np.savez(files["npz"], w=np.ones((2, 3)), z=np.ones(3))
    np.savez_compressed(files["packed"], w=np.ones((20, 3)))
    torch.save({"w": torch.ones(2, 3)}, files["torch"])
    pickle.dump({"w": np.ones((2, 3))}, files["pickle"])
    return {name: file.getvalue() for name, file in files.items()}


STORED = stored()


@pytest.mark.parametrize("kind", STORED)
def test_damage_is_an_error_of_one_line_or_no_damage(tmp_path, kind) -> None:
    """Bytes changed and cut off at random places: never another error."""
    random, path = np.random.default_rng(0), tmp_path / "file"
    for _ in range(200):
        data = bytearray(STORED[kind])
        for place in random.integers(0, len(data), random.integers(1, 5)):
            data[place] = random.integers(0, 256)
        end = len(data) if random.random() < 0.7 else int(random.integers(0, len(data)))
        path.write_bytes(bytes(data[:end]))
        try:
            read_arrays(path)
        except CheckpointError as error:
            assert str(error).startswith(f"{path}") and "\n" not in str(error)


def test_an_archive_that_would_fill_the_memory_is_not_unpacked(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(arrays, "MOST_BYTES", 1000)
    np.savez_compressed(tmp_path / "bomb.npz", w=np.zeros(1000))
    with pytest.raises(CheckpointError, match="would need 8,128 bytes, at most 1,000 are read"):
        read_arrays(tmp_path / "bomb.npz")


def test_a_header_that_promises_more_than_there_is_takes_no_memory(tmp_path) -> None:
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "<f8", "fortran_order": False, "shape": (2**50,)})
    (tmp_path / "a.npy").write_bytes(head.getvalue())
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("w.npy", head.getvalue())
    for name in ("a.npy", "a.npz"):
        with pytest.raises(CheckpointError, match="damaged or truncated"):
            read_arrays(tmp_path / name)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"nowhere\.npy: No such file"):
        read_arrays(tmp_path / "nowhere.npy")
