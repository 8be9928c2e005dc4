"""An ONNX file as inert data: its nodes in order, and its tensors. What the operators do, the reader does not know."""

from dataclasses import dataclass
from typing import Any

import numpy as np

TYPES = {1: np.float32, 2: np.uint8, 3: np.int8, 6: np.int32, 7: np.int64, 11: np.float64}
"""Kinds of tensors by their number in ONNX (TensorProto.DataType)."""


@dataclass(frozen=True)
class Node:
    """One operator, the names of what goes in and comes out, and its settings (numbers and lists of whole numbers)."""

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    settings: dict[str, Any]


def read_onnx(data: bytes) -> tuple[list[Node], dict[str, np.ndarray]]:
    """The nodes of a graph in their order, and its tensors by name.

    Raises ValueError for bytes that are no such graph, and for tensors of other kinds than `TYPES`.
    """
    try:
        (graph,) = _all(data, 7)
        nodes = [_node(part) for part in _all(graph, 1)]
        return nodes, dict(_tensor(part) for part in _all(graph, 5))
    except (IndexError, KeyError, TypeError, UnicodeDecodeError, ValueError) as error:
        raise ValueError("these bytes are no ONNX graph of plain tensors") from error


def _node(data: bytes) -> Node:
    settings = {}
    for part in _all(data, 5):
        name = _all(part, 1)[0].decode()
        floats, integers, many = _all(part, 2), _all(part, 3), _all(part, 8)
        settings[name] = np.frombuffer(floats[0], "<f4")[0] if floats else integers[0] if integers else _integers(many)
    inputs, outputs = (tuple(name.decode() for name in _all(data, field)) for field in (1, 2))
    return Node(_all(data, 4)[0].decode(), inputs, outputs, settings)


def _tensor(data: bytes) -> tuple[str, np.ndarray]:
    kind, shape = TYPES[_all(data, 2)[0]], _integers(_all(data, 1))
    raw, floats = _all(data, 9), _all(data, 4)
    if raw:
        values = np.frombuffer(raw[0], np.dtype(kind).newbyteorder("<"))
    elif floats:
        values = np.frombuffer(b"".join(floats), "<f4")
    else:
        values = np.array(_integers(_all(data, 5) + _all(data, 7)), dtype=kind)
    return _all(data, 8)[0].decode(), values.reshape(shape)


def _all(data: bytes, number: int) -> list[Any]:
    """What a message holds under a number: bytes, or whole numbers (protocol buffers, wire types 0, 1, 2 and 5)."""
    found, at = [], 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(data, at)
        else:
            length, at = _varint(data, at) if kind == 2 else ({1: 8, 5: 4}[kind], at)
            value, at = data[at : at + length], at + length
        if at > len(data):
            raise ValueError("a field is longer than its message")
        if key >> 3 == number:
            found.append(value)
    return found


def _integers(fields: list[Any]) -> list[int]:
    """Whole numbers, each a field of its own or many in one."""
    values: list[int] = []
    for field in fields:
        if isinstance(field, int):
            values.append(field)
            continue
        at = 0
        while at < len(field):
            value, at = _varint(field, at)
            values.append(value)
    return [value - (1 << 64) if value >= 1 << 63 else value for value in values]


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A whole number of seven bits a byte, and where the next begins."""
    value = shift = 0
    while True:
        byte = data[at]
        value, at, shift = value | (byte & 127) << shift, at + 1, shift + 7
        if byte < 128:
            return value, at
        if shift > 63:
            raise ValueError("a whole number has more than ten bytes")
