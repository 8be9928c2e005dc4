"""Weights are told apart, and checked."""

import pytest
import torch
from torch import Tensor

from latentwalk.weights import check_finite, fingerprint

STATE = {"a.weight": torch.randn(4, 3, 2, 2), "a.bias": torch.randn(4), "count": torch.tensor(3)}


def test_fingerprints_depend_on_the_network_alone() -> None:
    prints = {fingerprint(STATE), fingerprint(dict(reversed(STATE.items())))}
    strided = {name: tensor.clone() for name, tensor in STATE.items()}
    strided["a.weight"] = strided["a.weight"].contiguous(memory_format=torch.channels_last)
    assert prints == {fingerprint(strided)} and len(prints.pop()) == 16


def test_the_stride_of_one_number_says_nothing() -> None:
    one = torch.ones(1, 5)[:, :1].flatten()
    assert one.as_strided((1,), (5,)).is_contiguous() and fingerprint({"a": one.as_strided((1,), (5,))}) == fingerprint(
        {"a": torch.ones(1)}
    )


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
