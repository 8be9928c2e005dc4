"""Weights are data: read, told apart, checked, and never executed."""

import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from latentwalk.weights import check_finite, fingerprint, read_state_dict

STATE = {"a.weight": torch.randn(4, 3, 2, 2), "a.bias": torch.randn(4), "count": torch.tensor(3)}


class Payload:
    """What a hostile file would run: it leaves a file behind."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return (Path.touch, (self.marker,))


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def refused(path: Path) -> str:
    """The one line that says why a file is not read."""
    with pytest.raises(ValueError, match=r"expected|save it") as error:
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
        ({"netG": {"a": torch.ones(1)}, "netD": {"a": torch.ones(1)}}, "holds a dict of 'netG', 'netD'"),
        ({}, "holds a dict of nothing"),
        ({"a": torch.ones(1), "lr": 0.1}, "holds a dict of 'a', 'lr'"),
        ([torch.ones(1)], "holds list"),
        (torch.ones(3), "holds Tensor"),
        ({"a": torch.ones(2, 2).to_sparse()}, "not stored value by value"),
        ({"a": torch.ones(1).expand(10**12)}, "not stored value by value"),
        ({"a": torch.ones(1).to(torch.float8_e5m2)}, "not stored value by value"),
        ({"a": torch.ones(1, device="meta")}, ""),
    ],
)
def test_other_contents_are_named(tmp_path: Path, content: object, what: str) -> None:
    assert what in refused(write(tmp_path / "w.pt", "zip", content))


def test_a_dict_that_holds_itself_comes_to_an_end(tmp_path: Path) -> None:
    endless: dict[str, object] = {}
    endless["again"] = endless
    assert "no state dict" in refused(write(tmp_path / "w.pt", "zip", endless))


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    assert "no checkpoint at" in refused(tmp_path / "missing.pt")
    assert "is a folder" in refused(tmp_path)
    for content in (b"", b"text", b"PK\x03\x04", bytes(1000), b"\x80\x04N."):
        (tmp_path / "other.pt").write_bytes(content)
        assert "not a readable checkpoint" in refused(tmp_path / "other.pt")


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
    assert "holds more than tensors" in refused(path)
    assert not marker.exists()
    torch.load(write(path, "zip", content), weights_only=False)
    assert marker.exists()  # so the payload was real


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("protocol", [3, 4])
def test_torch_has_no_say_in_what_is_printed(tmp_path: Path, protocol: int) -> None:
    torch.save(STATE, tmp_path / "w.pt", pickle_protocol=protocol)
    if protocol == 3:
        assert same(read_state_dict(tmp_path / "w.pt"), STATE)
    else:  # which torch itself does not read as data
        assert "not a readable checkpoint" in refused(tmp_path / "w.pt")


def test_fingerprints_depend_on_the_network_alone(tmp_path: Path) -> None:
    prints = {
        fingerprint(read_state_dict(write(tmp_path / form, form))) for form in ("safetensors", "zip", "legacy")
    } | {fingerprint(dict(reversed(STATE.items())))}
    strided = {name: tensor.clone() for name, tensor in STATE.items()}
    strided["a.weight"] = strided["a.weight"].contiguous(memory_format=torch.channels_last)
    assert prints == {fingerprint(strided)} and len(prints.pop()) == 16


@pytest.mark.parametrize(
    "other",
    [
        {"b.weight": STATE["a.weight"]},
        {"a.weight": STATE["a.weight"].flatten(1)},
        {"a.weight": STATE["a.weight"].double()},
        {"a.weight": STATE["a.weight"] + 1e-6},
        {},
    ],
)
def test_fingerprints_see_every_difference(other: dict[str, Tensor]) -> None:
    assert fingerprint(other) != fingerprint({"a.weight": STATE["a.weight"]})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_weights_must_be_finite(value: float) -> None:
    check_finite(STATE, "file")
    bad = {**STATE, "a.bias": torch.tensor([0.0, value])}
    with pytest.raises(ValueError, match=r"file: the tensor 'a\.bias' holds NaN or infinite"):
        check_finite(bad, "file")
