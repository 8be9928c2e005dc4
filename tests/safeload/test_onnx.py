"""ONNX files are read as their protocol buffers say, and other bytes are refused."""

import numpy as np
import pytest

from latentwalk.safeload.onnx import read_onnx


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value % 2**64)
    return varint(number << 3 | 2) + varint(len(value)) + value


def tensor(name: str, kind: int, shape: tuple[int, ...], content: bytes) -> bytes:
    return b"".join(field(1, side) for side in shape) + field(2, kind) + field(8, name.encode()) + content


RAW = tensor("raw", 3, (2, 3), field(9, np.arange(-3, 3, dtype=np.int8).tobytes()))
FLOATS = tensor("floats", 1, (2,), field(4, np.array([0.5, -2], dtype="<f4").tobytes()))
WHOLE = tensor("whole", 7, (3,), field(7, varint(300) + varint(2**64 - 1) + varint(0)))
EPSILON = field(1, b"epsilon") + varint(2 << 3 | 5) + np.float32(0.001).tobytes()
PADS = field(1, b"pads") + b"".join(field(8, pad) for pad in (1, 2, 3, 4))
GROUP = field(1, b"group") + field(3, 32)
NODE = field(1, b"x") + field(1, b"w") + field(2, b"y") + field(3, b"name") + field(4, b"Conv")
NODE += b"".join(field(5, setting) for setting in (EPSILON, PADS, GROUP))
GRAPH = field(1, NODE) + b"".join(field(5, each) for each in (RAW, FLOATS, WHOLE))
MODEL = field(1, 8) + field(2, b"someone") + field(7, GRAPH)


def test_nodes_and_tensors_come_back() -> None:
    (node,), tensors = read_onnx(MODEL)
    assert (node.operator, node.inputs, node.outputs) == ("Conv", ("x", "w"), ("y",))
    assert node.settings["epsilon"] == np.float32(0.001)
    assert (node.settings["pads"], node.settings["group"]) == ([1, 2, 3, 4], 32)
    assert np.array_equal(tensors["raw"], [[-3, -2, -1], [0, 1, 2]]) and tensors["raw"].dtype == np.int8
    assert np.array_equal(tensors["floats"], [0.5, -2])
    assert np.array_equal(tensors["whole"], [300, -1, 0]) and tensors["whole"].dtype == np.int64


@pytest.mark.parametrize("end", range(1, len(MODEL), 7))
def test_bytes_that_end_early_are_refused(end: int) -> None:
    with pytest.raises(ValueError, match="no ONNX graph"):
        read_onnx(MODEL[:end])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff" * 40,
        MODEL + MODEL,
        field(7, field(5, tensor("text", 8, (1,), b""))),
        field(7, field(5, tensor("short", 1, (9,), field(9, b"1234")))),
        field(7, field(1, field(1, b"\xff"))),
    ],
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="no ONNX graph"):
        read_onnx(data)
