"""The pickle machine reads what pickle writes, as data, and refuses everything else in one line."""

import argparse
import pickle
import pickletools
import struct
from collections import Counter, OrderedDict, defaultdict
from pathlib import Path, PosixPath
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from latentwalk.safeload import opcodes, plain_tree
from latentwalk.safeload.known_globals import KNOWN
from latentwalk.safeload.nodes import Global, Made, shown
from latentwalk.safeload.opcodes import OPCODES, unpickle
from latentwalk.safeload.reading import CheckpointError, Foreign, read_tree

PROTOCOLS = (2, 3, 4, 5)
PLAIN = {
    "none": None,
    "flags": [True, False],
    "integers": [0, 255, 256, 65536, -1, -(2**31), 2**40, 2**77, -(2**90)],
    "floats": [0.5, -1e300, float("inf")],
    "text": ["", "a", "ä" * 300, "\ud800"],
    "bytes": [b"", b"a", bytes(300)],
    "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)],
    "sets": [set(), {1, "a"}],
    "dicts": {1: {}, None: 1, 2.5: 2, (1, "a"): 3},
    "many": {str(i): list(range(i)) for i in range(100)},
}


class Thing:
    """A class that the reader does not know."""


class Slotted:
    __slots__ = ("a", "b")


def tree_of(data: bytes, folder: Path) -> Any:
    (folder / "some.pkl").write_bytes(data)
    return read_tree(folder / "some.pkl")


def refused(data: bytes, folder: Path) -> str:
    with pytest.raises(CheckpointError, match=r"expected|use another|save it") as error:
        tree_of(data, folder)
    message = str(error.value)
    assert message.isprintable() and message.startswith(str(folder / "some.pkl")) and len(message) < 500
    return message


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_plain_values_come_back(tmp_path: Path, protocol: int) -> None:
    assert tree_of(pickle.dumps(PLAIN, protocol), tmp_path) == PLAIN


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_containers_of_the_standard_library_become_plain(tmp_path: Path, protocol: int) -> None:
    ordered = OrderedDict(a=1, b=OrderedDict())
    ordered._metadata = {"version": 2}  # type: ignore[attr-defined] - as torch keeps it
    values = [ordered, defaultdict(list, a=[1]), Counter(a=2), frozenset({1}), bytearray(b"abc")]
    found = tree_of(pickle.dumps(values, protocol), tmp_path)
    assert found == [{"a": 1, "b": {}}, {"a": [1]}, {"a": 2}, {1}, b"abc"]
    assert [type(value) for value in found] == [dict, dict, dict, set, bytes]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_objects_of_unknown_classes_are_dicts_of_their_state(tmp_path: Path, protocol: int) -> None:
    thing, slotted = Thing(), Slotted()
    thing.size, slotted.a = 3, 4  # type: ignore[attr-defined]
    values = [argparse.Namespace(lr=0.1, path=PosixPath("a/b")), SimpleNamespace(a=1), thing, slotted, Thing]
    names, simple, plain, slots, kind = tree_of(pickle.dumps(values, protocol), tmp_path)
    assert isinstance(names, Foreign) and names["lr"] == 0.1 and names.name == "argparse.Namespace"
    assert names["path"].arguments == ("a", "b") and names["path"].name.endswith("PosixPath")
    assert simple == {"a": 1} and plain == {"size": 3} and slots == {"a": 4}
    assert plain.name == f"{__name__}.Thing" == kind


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "code", ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "b1", "c8", "c16", ">f4", ">i8"]
)
def test_numpy_arrays_and_numbers(tmp_path: Path, protocol: int, code: str) -> None:
    array = (10 * np.random.default_rng(0).random((2, 3, 4))).astype(code)
    parts = [array, np.asfortranarray(array), array.transpose(1, 0, 2), array[:, 1], array[0, 0, 0], array[:0]]
    for part, found in zip(parts, tree_of(pickle.dumps(parts, protocol), tmp_path), strict=True):
        np.testing.assert_array_equal(np.asarray(found), part)
    assert isinstance(found, torch.Tensor) and found.shape == (0, 3, 4)


def test_arrays_without_numbers(tmp_path: Path) -> None:
    found = tree_of(pickle.dumps([np.array(["a"]), np.array(["2020"], "M8[D]"), np.float32, np.dtype("f4")]), tmp_path)
    assert [type(value) for value in found[:2]] == [Foreign, Foreign] and found[2] == "numpy.float32"
    assert "Python objects" in refused(pickle.dumps(np.array([None])), tmp_path)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_shared_values_stay_shared(tmp_path: Path, protocol: int) -> None:
    part = [1]
    one, two = tree_of(pickle.dumps([part, part], protocol), tmp_path)
    assert one is two


def test_a_tree_that_would_never_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    endless: list[Any] = []
    endless.append(endless)
    assert "holds itself" in refused(pickle.dumps(endless), tmp_path)
    laughs: list[Any] = []
    for _ in range(40):
        laughs = [laughs] * 10
    assert "stand for more than" in refused(pickle.dumps(laughs), tmp_path)
    deep: list[Any] = []
    for _ in range(200):
        deep = [deep]
    assert "nested in each other" in refused(pickle.dumps(deep), tmp_path)
    assert "nested in each other" in refused(b"\x80\x02" + b"(" * 2000, tmp_path)
    monkeypatch.setattr(opcodes, "MOST_OPCODES", 100)
    assert "more than 100 steps" in refused(b"\x80\x02" + b"N0" * 100, tmp_path)


def test_real_depths_are_allowed(tmp_path: Path) -> None:
    deep: Any = 1
    for _ in range(plain_tree.DEEPEST - 1):
        deep = {"a": deep}
    assert tree_of(pickle.dumps(deep), tmp_path)["a"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_truncation_is_refused(tmp_path: Path, protocol: int) -> None:
    data = pickle.dumps(
        {"a": [1, "text", b"bytes", (2.5, None)], "b": np.ones(3), "c": argparse.Namespace(d=1)}, protocol
    )
    for end in range(1, len(data)):
        assert "truncated" in refused(data[:end], tmp_path)


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x05\x8e" + struct.pack("<Q", 2**62) + b"abc.",
        b"\x80\x05\x96" + struct.pack("<Q", 2**64 - 1) + b"abc.",
        b"\x80\x04\x8d" + struct.pack("<Q", 2**40) + b"abc.",
        b"\x80\x02X\xff\xff\xff\xffabc.",
        b"\x80\x02T\xff\xff\xff\xffabc.",
        b"\x80\x04\x95" + struct.pack("<Q", 2**40) + b"N.",
        b"\x80\x02\x8b\xff\xff\xff\x7f.",
    ],
)
def test_lengths_are_compared_before_they_are_used(tmp_path: Path, data: bytes) -> None:
    assert "truncated" in refused(data, tmp_path)


@pytest.mark.parametrize(
    "body",
    [
        b".",
        b"0.",
        b"e.",
        b"a.",
        b"N(a.",
        b"NNs.",
        b"(Nu.",
        b"}(Nu.",
        b"Nb.",
        b"NNb.",
        b"h\x05.",
        b"q\x05.",
        b"t.",
        b"NR.",
        b"NNR.",
        b"N)R.",
        b"cos\nsystem\nNR.",
        b"cos\nsystem\n)NN\x92.",
        b"NN\x93.",
        b"I1\n.",
        b"\x82\x01.",
        b"\x97.",
        b"X\x01\x00\x00\x00\xff.",
        b"}]Ns.",
        b"}(}NtNs.",
        b"](]\x90.",
        b"c" + b"a" * 1000 + b"\nb\n.",
        b"NQ.",
        b"(X\x07\x00\x00\x00storageNNNNtQ.",
        b"\x8b\x00\x10\x00\x00" + bytes(4096) + b".",
        b"ctorch._utils\n_rebuild_tensor_v2\n)R.",
        b"ctorch._utils\n_rebuild_parameter\n)R.",
        b"cnumpy.core.multiarray\n_reconstruct\n)R.",
        b"cnumpy.core.multiarray\nscalar\nN\x85R.",
        b"cnumpy\ndtype\n)R.",
        b"c__builtin__\nset\n]]a\x85R.",
        b"ccollections\nOrderedDict\n]Na\x85R.",
        b"ctorch.storage\n_load_from_bytes\nC\x01a\x85R.",
        b"ctorch.storage\n_load_from_bytes\nN\x85R.",
        b"ctorch._tensor\n_rebuild_from_type_v2\n(NNNNtR.",
        b"ccopyreg\n_reconstructor\nN\x85R.",
        b"ctorch_utils.persistence\n_reconstruct_persistent_obj\nN\x85R.",
        b"ctorch_utils.persistence\n_reconstruct_persistent_obj\n}\x85R.",
    ],
)
def test_nonsense_is_refused(tmp_path: Path, body: bytes) -> None:
    refused(b"\x80\x04" + body, tmp_path)


def test_newer_files_say_so(tmp_path: Path) -> None:
    assert "pickle protocol 6: protocols 2 to 5 are expected" in refused(b"\x80\x06N.", tmp_path)
    meta = {"type": "class", "version": 7, "class_name": "Generator", "state": {}}
    data = b"\x80\x04ctorch_utils.persistence\n_reconstruct_persistent_obj\n" + pickle.dumps(meta)[2:-1] + b"\x85R."
    assert "a persistent object of version 7: expected version 6" in refused(data, tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        *("os system", "posix system", "nt system", "builtins eval", "__builtin__ exec", "builtins getattr"),
        *("importlib import_module", "subprocess Popen", "socket socket", "pickle loads", "operator attrgetter"),
    ],
)
@pytest.mark.parametrize("call", [b")R", b")\x81", b")}\x92"])
def test_calls_that_no_checkpoint_needs_are_named(tmp_path: Path, name: str, call: bytes) -> None:
    data = b"\x80\x04c" + name.replace(" ", "\n").encode() + b"\n" + call + b"."
    message = refused(data, tmp_path)
    assert f"calls {name.replace('__builtin__', 'builtins').replace(' ', '.')}" in message and "nothing was" in message


def test_a_name_alone_stays_a_name(tmp_path: Path) -> None:
    assert tree_of(b"\x80\x02cos\nsystem\n.", tmp_path) == "os.system"
    made = unpickle(memoryview(b"\x80\x02cmy.place\nThing\n)R.")).root
    assert isinstance(made, Made) and made.maker == Global("my.place.Thing")


def test_the_tables_are_closed() -> None:
    assert len(OPCODES) + 1 == 54 and len(KNOWN) == 28
    assert all(isinstance(code, int) and 0 <= code < 256 for code in OPCODES)
    assert set(OPCODES) <= {ord(code.code) for code in pickletools.opcodes}
    assert not set(OPCODES) & set(b"ILFSVpgioP\x82\x83\x84\x97")  # text, extensions, buffers from elsewhere


def test_text_of_a_file_is_shown_in_one_short_line() -> None:
    assert shown("a\nb\x1b[31m") == "a?b?[31m" and len(shown("a" * 1000)) == 83
