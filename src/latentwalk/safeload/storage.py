"""Tensors from raw bytes: every size, offset and stride is compared with the bytes that are there."""

import math
import mmap
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy
import torch
from torch import Tensor

from latentwalk.safeload.nodes import ADVICE, CheckpointError, shown
from latentwalk.safeload.pickle_machine import truncated

MOST_AXES = 16
LARGEST_AXIS = 2**40
FORGET_AFTER = 2**24
"""Bytes copied out of a file before its pages are given back."""

TORCH_TYPES = {
    "Double": torch.float64,
    "Float": torch.float32,
    "Half": torch.float16,
    "BFloat16": torch.bfloat16,
    "Long": torch.int64,
    "Int": torch.int32,
    "Short": torch.int16,
    "Char": torch.int8,
    "Byte": torch.uint8,
    "Bool": torch.bool,
    "ComplexFloat": torch.complex64,
    "ComplexDouble": torch.complex128,
    "Untyped": torch.uint8,
}
"""Element types by the name of a torch storage class, without "Storage"."""


@dataclass
class Budget:
    """Bytes that may still be copied out of one file: never more than it holds, however often it names them.

    forget: gives the pages of the file back that were read so far.
    """

    left: int
    forget: Callable[[], object] = lambda: None
    since: int = 0

    def spend(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise CheckpointError(f"the file asks for more values than it has bytes: {ADVICE}")
        self.since += count
        if self.since > FORGET_AFTER:
            self.since = 0
            self.forget()


@dataclass(eq=False)
class Storage:
    """A run of numbers of one type. Its bytes are copied once, when a tensor first needs them.

    swapped: the bytes of each number come in the order of a big-endian machine.
    """

    data: memoryview
    dtype: torch.dtype
    swapped: bool = False
    values: Tensor | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.data) // self.dtype.itemsize

    def read(self, budget: Budget) -> Tensor:
        """All numbers [n], in memory of their own."""
        if self.values is None:
            count = len(self) * self.dtype.itemsize
            budget.spend(count)
            self.values = values = torch.empty(len(self), dtype=self.dtype)
            raw = values.view(torch.uint8)
            raw.numpy()[:] = numpy.frombuffer(self.data[:count], numpy.uint8)
            if self.swapped:
                width = self.dtype.itemsize // (2 if self.dtype.is_complex else 1)
                raw.copy_(raw.reshape(-1, width).flip(1).reshape(-1))
        return self.values

    def tensor(self, offset: Any, size: Any, stride: Any, budget: Budget | None) -> Tensor:
        """A tensor of these numbers. Without a budget its values are not read: it is on the meta device.

        Raises CheckpointError when it would reach beyond them, or name one of them twice.
        """
        shape, steps = axes(size), axes(stride)
        if len(shape) != len(steps) or not is_count(offset):
            raise CheckpointError(f"damaged: a tensor has {len(shape)} sizes and {len(steps)} strides: {ADVICE}")
        reach = offset + sum((n - 1) * step for n, step in zip(shape, steps, strict=True)) + 1
        numbers = math.prod(shape)
        if numbers and reach > len(self):
            raise truncated(0, reach * self.dtype.itemsize, len(self.data))
        if numbers > len(self):
            raise CheckpointError(
                f"a tensor of the shape {list(shape)} is not stored value by value ({len(self)} values): save it "
                "with .contiguous(), expected one stored value per number"
            )
        if budget is None:
            return torch.empty_strided(shape, steps, dtype=self.dtype, device="meta")
        if not numbers:
            return torch.empty(shape, dtype=self.dtype)
        return self.read(budget).as_strided(shape, steps, offset)


def is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= LARGEST_AXIS


def axes(sizes: object) -> tuple[int, ...]:
    """Sizes or strides as a tuple of sane numbers."""
    if not isinstance(sizes, tuple | list) or len(sizes) > MOST_AXES or not all(map(is_count, sizes)):
        raise CheckpointError(f"damaged: a tensor has the shape or stride {shown(sizes)}: {ADVICE}")
    if math.prod(max(n, 1) for n in sizes) > LARGEST_AXIS**2:
        raise CheckpointError(f"damaged: a tensor has the shape or stride {shown(sizes)}: {ADVICE}")
    return tuple(sizes)


def torch_type(name: str) -> torch.dtype:
    """The element type of a storage class such as torch.FloatStorage, torch.cuda.HalfStorage."""
    kind = name.removeprefix("torch.").removeprefix("cuda.").removeprefix("storage.")
    dtype = TORCH_TYPES.get(kind.removesuffix("Storage"))
    if dtype is None or not kind.endswith("Storage"):
        known = ", ".join(TORCH_TYPES)
        raise CheckpointError(f"a tensor stored as {shown(name)}: expected one of {known} (each with Storage)")
    return dtype


def mapped(path: Path) -> tuple[memoryview, Budget]:
    """The bytes of a file without reading them, and what may be copied out of them."""
    with path.open("rb") as file:
        if not path.stat().st_size:
            raise CheckpointError(f"the file is empty: {ADVICE}")
        pages = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    forget = (lambda: pages.madvise(mmap.MADV_DONTNEED)) if hasattr(mmap, "MADV_DONTNEED") else (lambda: None)
    return memoryview(pages), Budget(len(pages), forget)
