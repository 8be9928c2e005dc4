"""State dicts are read from every container, and whatever else a file holds is named."""

import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from latentwalk.checkpoints.candidates import candidates
from latentwalk.checkpoints.formats import build_generator
from latentwalk.safeload.reading import read_tree
from latentwalk.weights import fingerprint

STATE = {"a.weight": torch.randn(4, 3, 2, 2), "a.bias": torch.randn(4), "count": torch.tensor(3)}


class Payload:
    """What a hostile file would run: it leaves a file behind."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return (Path.touch, (self.marker,))


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """The tensors of the one network in a file, whatever it is."""
    tree = read_tree(path)
    states = candidates(tree, str(path))
    if not states or any(tensor.is_meta for tensor in states[0].values()):
        build_generator(tree, str(path))
    return dict(states[0])


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def refused(path: Path) -> str:
    """The one line that says why a file is not read."""
    with pytest.raises(ValueError, match=r"expected|use another|save it|save the|unpack") as error:
        read_state_dict(path)
    assert "\n" not in str(error.value) and str(path) in str(error.value)
    return str(error.value)


def write(path: Path, form: str, content: object = STATE) -> Path:
    if form == "safetensors":
        save_file(content, path)
    else:
        torch.save(content, path, _use_new_zipfile_serialization=form == "zip")
    return path


@pytest.mark.parametrize("form", ["safetensors", "zip", "legacy"])
def test_the_content_decides_not_the_name(tmp_path: Path, form: str) -> None:
    assert same(read_state_dict(write(tmp_path / "weights.bin", form)), STATE)


def test_wrappings_come_off_and_parameters_become_plain(tmp_path: Path) -> None:
    wrapped = {"epoch": 3, "gen": {"state": {"a": torch.nn.Parameter(torch.ones(2))}}}
    state = read_state_dict(write(tmp_path / "w.pt", "zip", wrapped))
    assert list(state) == ["a"] and not state["a"].requires_grad


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ({}, "holds a dict of nothing"),
        ([torch.ones(1)], "holds a list"),
        (torch.ones(3), "holds one tensor"),
        ({"a": torch.ones(2, 2).to_sparse()}, "'a', an object of the class torch._utils._rebuild_sparse_tensor"),
        ({"a": torch.ones(1).expand(10**12)}, "not stored value by value"),
        ({"a": torch.ones(1, device="meta")}, ""),
    ],
)
def test_other_contents_are_named(tmp_path: Path, content: object, what: str) -> None:
    assert what in refused(write(tmp_path / "w.pt", "zip", content))


def test_a_dict_that_holds_itself_comes_to_an_end(tmp_path: Path) -> None:
    endless: dict[str, object] = {}
    endless["again"] = endless
    assert "holds itself" in refused(write(tmp_path / "w.pt", "zip", endless))


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    assert "no checkpoint at" in refused(tmp_path / "missing.pt")
    assert "is a folder" in refused(tmp_path)
    contents = {
        b"": "the file is empty",
        b"text": "not a readable checkpoint",
        b"PK\x03\x04": "damaged or truncated",
        bytes(1000): "its first bytes are zeros",
        b"\x80\x04N.": "holds a NoneType",
    }
    for content, what in contents.items():
        (tmp_path / "other.pt").write_bytes(content)
        assert what in refused(tmp_path / "other.pt")


@pytest.mark.parametrize("form", ["safetensors", "zip", "legacy"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.9, 0.999])
def test_truncated_files_are_refused(tmp_path: Path, form: str, share: float) -> None:
    whole = write(tmp_path / "whole", form).read_bytes()
    (tmp_path / "cut").write_bytes(whole[: int(share * len(whole))])
    assert "truncated" in refused(tmp_path / "cut")


@pytest.mark.parametrize("form", ["zip", "legacy", "pickle"])
def test_nothing_in_a_file_is_executed(tmp_path: Path, form: str) -> None:
    marker, path = tmp_path / "executed", tmp_path / "hostile.pt"
    content = {"a": torch.ones(1), "b": Payload(marker)}
    if form == "pickle":
        path.write_bytes(pickle.dumps(content))
    else:
        write(path, form, content)
    assert "which no checkpoint needs; nothing was executed" in refused(path)
    assert not marker.exists()
    torch.load(write(path, "zip", content), weights_only=False)
    assert marker.exists()  # so the payload was real


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_protocol_in_silence(tmp_path: Path, protocol: int) -> None:
    torch.save(STATE, tmp_path / "w.pt", pickle_protocol=protocol)
    assert same(read_state_dict(tmp_path / "w.pt"), STATE)


def test_the_same_network_in_every_container(tmp_path: Path) -> None:
    forms = ("safetensors", "zip", "legacy")
    prints = {fingerprint(read_state_dict(write(tmp_path / form, form))) for form in forms}
    assert prints == {fingerprint(STATE)}
