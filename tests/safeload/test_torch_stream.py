"""Files of torch.save, in both containers, read to the tensors that torch itself reads."""

import io
import pickle
import struct
import sys
import types
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from latentwalk.safeload.reading import CheckpointError, Foreign, read_tree
from latentwalk.safeload.torch_stream import MAGIC

TYPES = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.complex64, torch.complex128]
TYPES += [torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool]
SHARED = Path(__file__).parents[3] / "shared" / "fixtures"
FIXTURES = sorted(path for path in SHARED.rglob("*") if path.suffix in (".pt", ".pth", ".bin", ".pkl"))
FIXTURES = [path for path in FIXTURES if "hostile" not in path.parts]


def save(content: object, path: Path, form: str) -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=form == "zip")
    return path


def tensors(tree: Any, name: str = "") -> Iterator[tuple[str, Tensor]]:
    if isinstance(tree, Tensor):
        yield name, tree
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list | tuple) else ()
    for key, value in items:
        yield from tensors(value, f"{name}.{key}")


def refused(path: Path) -> str:
    with pytest.raises(CheckpointError, match=r"expected|use another|save it|unpack") as error:
        read_tree(path)
    assert "\n" not in str(error.value) and str(path) in str(error.value)
    return str(error.value)


def rewrite(path: Path, change: dict[str, bytes | None], method: int = zipfile.ZIP_STORED) -> Path:
    """The archive with some of its parts changed or left out."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in parts.items():
            data = change.get(name.partition("/")[2], data)
            if data is not None:
                archive.writestr(name, data)
    return path


@pytest.mark.parametrize("form", ["zip", "legacy"])
@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_every_type_of_number(tmp_path: Path, form: str, dtype: torch.dtype) -> None:
    values = (10 * torch.randn(3, 4, 5)).to(dtype)
    views = [values, values.T if values.ndim == 2 else values.permute(2, 0, 1), values[1:, ::2], values[0, 0, 0]]
    views += [values[:0], nn.Parameter(values) if dtype.is_floating_point else values]
    found = read_tree(save(views, tmp_path / "a", form))
    for one, other in zip(found, views, strict=True):
        assert one.dtype == dtype and one.shape == other.shape and not one.requires_grad
        assert one.stride() == other.stride() or not one.numel()
        assert torch.equal(one, other)


@pytest.mark.parametrize("form", ["zip", "legacy"])
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_protocol(tmp_path: Path, form: str, protocol: int) -> None:
    network = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    content = {"network": network.state_dict(), "step": 4, "unsigned": torch.ones(2, dtype=torch.uint16)}
    torch.save(content, tmp_path / "a", pickle_protocol=protocol, _use_new_zipfile_serialization=form == "zip")
    found = read_tree(tmp_path / "a")
    assert found["step"] == 4 and torch.equal(found["unsigned"], content["unsigned"])
    assert all(torch.equal(found["network"][name], tensor) for name, tensor in network.state_dict().items())


@pytest.mark.parametrize("form", ["zip", "legacy"])
def test_shared_values_are_stored_and_copied_once(tmp_path: Path, form: str) -> None:
    values = torch.randn(1000)
    one, two = read_tree(save([values[:600], values[500:]], tmp_path / "a", form))
    assert one.untyped_storage().data_ptr() == two.untyped_storage().data_ptr()
    assert torch.equal(one, values[:600]) and torch.equal(two, values[500:])


@pytest.mark.parametrize("form", ["zip", "legacy"])
def test_whole_networks_and_odd_tensors_are_foreign(tmp_path: Path, form: str) -> None:
    content = {"net": nn.Sequential(nn.Linear(2, 2), nn.ReLU()), "sparse": torch.ones(2, 2).to_sparse()}
    found = read_tree(save(content, tmp_path / "a", form))
    assert isinstance(found["net"], Foreign) and found["net"].name == "torch.nn.modules.container.Sequential"
    assert found["net"]["_modules"]["1"].name == "torch.nn.modules.activation.ReLU"
    assert found["net"]["_modules"]["0"]["_parameters"]["weight"].shape == (2, 2)
    assert isinstance(found["sparse"], Foreign)


@pytest.mark.parametrize("form", ["zip", "legacy"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.999])
def test_truncated_files_say_so(tmp_path: Path, form: str, share: float) -> None:
    whole = save({"a": torch.randn(300), "b": torch.randn(30)}, tmp_path / "a", form).read_bytes()
    (tmp_path / "cut").write_bytes(whole[: int(share * len(whole))])
    assert "truncated" in refused(tmp_path / "cut")


def test_beside_an_averaged_generator_others_are_outlined(tmp_path: Path) -> None:
    content = {"g_ema": {"a": torch.ones(2)}, "g": {"a": torch.ones(2)}, "latent_avg": torch.ones(3)}
    save(content, tmp_path / "a", "zip")
    found = read_tree(tmp_path / "a")
    assert found["g"]["a"].is_meta and found["g"]["a"].shape == (2,)
    assert not found["g_ema"]["a"].is_meta and not found["latent_avg"].is_meta
    assert torch.equal(read_tree(tmp_path / "a", everything=True)["g"]["a"], torch.ones(2))
    content["g_ema"] = None
    assert not read_tree(save(content, tmp_path / "a", "zip"))["g"]["a"].is_meta


def test_storages_that_are_parts_of_others(tmp_path: Path) -> None:
    """Streams of the first torch releases: the persistent id has a view (key, start, numbers)."""

    class Old(pickle.Pickler):
        def persistent_id(self, thing: Any) -> Any:
            return thing.key if isinstance(thing, Key) else None

    def stream(view: object) -> Path:
        data = io.BytesIO()
        for part in (MAGIC, 1001, {"protocol_version": 1001, "little_endian": True, "type_sizes": {}}):
            pickle.dump(part, data, 2)
        Old(data, 2).dump({"a": Rebuild(Key(("storage", torch.FloatStorage, "7", "cpu", 6, view)))})
        pickle.dump(["7"], data, 2)
        data.write(struct.pack("<q", 6) + torch.arange(6.0).numpy().tobytes())
        (tmp_path / "old").write_bytes(data.getvalue())
        return tmp_path / "old"

    assert read_tree(stream(("8", 2, 3)))["a"].tolist() == [3, 4]
    assert read_tree(stream(None))["a"].tolist() == [1, 2]
    for view in (("8", 5, 3), ("8", -1, 3), ("8", 2), 5, ("8", 2.0, 3)):
        refused(stream(view))


class Key:
    """What the pickler above keeps elsewhere."""

    def __init__(self, key: tuple[Any, ...]) -> None:
        self.key = key


class Rebuild:
    """A tensor of two numbers, from the second one on, of a storage."""

    def __init__(self, storage: Key) -> None:
        self.storage = storage

    def __reduce__(self) -> tuple[Any, ...]:
        return torch._utils._rebuild_tensor_v2, (self.storage, 1, (2,), (1,), False, {})


def test_archives_of_other_kinds(tmp_path: Path) -> None:
    path, content = tmp_path / "a.pt", {"a": torch.arange(300.0)}
    big = rewrite(
        save(content, path, "zip"), {"byteorder": b"big", "data/0": torch.arange(300.0).numpy().byteswap().tobytes()}
    )
    assert torch.equal(read_tree(big)["a"], content["a"])
    assert "compressed" in refused(rewrite(save(content, path, "zip"), {}, zipfile.ZIP_DEFLATED))
    assert "'0' is missing" in refused(rewrite(save(content, path, "zip"), {"data/0": None}))
    assert "truncated" in refused(rewrite(save(content, path, "zip"), {"data/0": bytes(1199)}))
    assert "torch.save did not write" in refused(rewrite(save(content, path, "zip"), {"data.pkl": None}))
    torch.jit.script(nn.Linear(2, 2)).save(str(path))  # type: ignore[union-attr]
    assert "TorchScript" in refused(path)


def test_a_file_cannot_name_its_values_more_often_than_it_has_them(tmp_path: Path) -> None:
    """Fifty parts of an archive at the same place; and one number as a tensor of 10^12."""
    path = save({str(i): torch.zeros(5000) for i in range(50)}, tmp_path / "a.pt", "zip")
    data = bytearray(rewrite(path, {f"data/{i}": b"" for i in range(1, 50)}).read_bytes())
    with zipfile.ZipFile(path) as archive:
        start = next(entry.header_offset for entry in archive.infolist() if entry.filename.endswith("/data/0"))
    entry = data.index(b"PK\x01\x02")
    while data[entry : entry + 4] == b"PK\x01\x02":
        name, extra, comment = struct.unpack_from("<HHH", data, entry + 28)
        if b"/data/" in data[entry + 46 : entry + 46 + name]:
            struct.pack_into("<II", data, entry + 20, 20000, 20000)
            struct.pack_into("<I", data, entry + 42, start)
        entry += 46 + name + extra + comment
    path.write_bytes(data)
    assert "asks for more values than it has bytes" in refused(path)
    for form in ("zip", "legacy"):
        assert "not stored value by value" in refused(save({"a": torch.ones(1).expand(10**12)}, path, form))


def test_tensors_inside_a_plain_pickle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in NVIDIA's files: every storage is a legacy stream, and objects carry the source of their class."""

    class Persistent:
        def __reduce__(self) -> tuple[Any, ...]:
            return sys.modules["torch_utils.persistence"]._reconstruct_persistent_obj, (META,)

    def _reconstruct_persistent_obj(meta: Any) -> None: ...

    weight = torch.randn(4, 3, 2, 2).contiguous(memory_format=torch.channels_last)
    state = {"_parameters": {"weight": nn.Parameter(weight), "bias": None}, "_buffers": {"half": torch.ones(3).half()}}
    META = {"type": "class", "version": 6, "module_src": "raise SystemExit", "class_name": "Layer", "state": state}
    module = types.ModuleType("torch_utils.persistence")
    _reconstruct_persistent_obj.__module__ = module.__name__
    _reconstruct_persistent_obj.__qualname__ = "_reconstruct_persistent_obj"
    monkeypatch.setattr(module, "_reconstruct_persistent_obj", _reconstruct_persistent_obj, raising=False)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(sys.modules, "torch_utils", types.ModuleType("torch_utils"))
    for protocol in range(2, 6):
        (tmp_path / "a.pkl").write_bytes(pickle.dumps({"G_ema": Persistent(), "D": None}, protocol))
        layer = read_tree(tmp_path / "a.pkl")["G_ema"]
        assert layer.keys() == {"class_name", "state"} and layer["class_name"] == "Layer"
        found = layer["state"]["_parameters"]["weight"]
        assert torch.equal(found, weight) and found.stride() == weight.stride()
        assert torch.equal(layer["state"]["_buffers"]["half"], torch.ones(3).half())


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: "/".join(path.parts[-2:]))
def test_foreign_files_hold_what_torch_reads(path: Path) -> None:
    """Those that torch itself reads as data; the families compare the pictures of the others."""
    found = dict(tensors(read_tree(path, everything=True)))
    try:
        expected = dict(tensors(torch.load(path, "cpu", weights_only=True)))
    except Exception:
        assert found or path.name == "state_dict.pth"
        return
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert torch.equal(found[name], tensor) and found[name].stride() == tensor.stride()


@pytest.mark.parametrize("case", ["nvidia_stylegan2ada/uncond32", "nvidia_stylegan3/t32"])
def test_one_network_in_every_protocol(shared: Path, case: str) -> None:
    trees = [read_tree(path)["G_ema"] for path in sorted((shared / "fixtures" / case).glob("*.pkl"))]
    first, *others = [dict(tensors(tree)) for tree in trees]
    assert len(others) >= 4 and len(first) > 60
    for other in others:
        assert first.keys() == other.keys()
        assert all(torch.equal(first[name], other[name]) for name in first)
