"""Layers are read without a trace, and a pass ends where nothing more is wanted."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor, nn

from latentwalk.hooks import nearest, read_layers


class Counted(nn.Linear):
    """A layer that knows how often it ran."""

    runs = 0

    def forward(self, x: Tensor) -> Tensor:
        self.runs += 1
        return super().forward(x)


@pytest.fixture
def network() -> Iterator[nn.Sequential]:
    network = nn.Sequential(Counted(3, 3), Counted(3, 3), nn.Sequential(Counted(3, 3)))
    yield network
    assert not any(module._forward_hooks for module in network.modules())


def runs(network: nn.Sequential) -> list[int]:
    return [module.runs for module in network.modules() if isinstance(module, Counted)]


def test_the_pass_ends_after_the_last_wanted_layer(network: nn.Sequential) -> None:
    x = torch.ones(2, 3)
    with read_layers(network, ["1", "0", "1"]) as found:
        network(x)
        raise AssertionError("the pass goes on")
    assert runs(network) == [1, 1, 0]
    assert torch.equal(found["1"], network[1](network[0](x)))


def test_the_pass_goes_on_when_asked(network: nn.Sequential) -> None:
    with read_layers(network, ["0"], stop=False) as found:
        out = network(torch.ones(2, 3))
        again = network(torch.zeros(2, 3))
    assert runs(network) == [2, 2, 2] and len(found) == 1
    assert out.shape == again.shape
    assert torch.equal(found["0"], network[0](torch.zeros(2, 3)))


def test_inner_layers_have_dotted_names(network: nn.Sequential) -> None:
    with read_layers(network, ["2.0"]) as found:
        network(torch.ones(1, 3))
    assert list(found) == ["2.0"]


def test_gradients_flow_through_what_was_read(network: nn.Sequential) -> None:
    x = torch.ones(1, 3, requires_grad=True)
    with read_layers(network, ["1"]) as found:
        network(x)
    found["1"].sum().backward()
    assert x.grad is not None and x.grad.abs().sum() > 0


def test_each_block_ends_its_own_pass_only(network: nn.Sequential) -> None:
    with read_layers(network, ["0"]) as outer:
        with read_layers(network, ["1"]):
            network(torch.ones(1, 3))
        raise AssertionError("the inner block swallowed the end of the outer one")
    assert list(outer) == ["0"]


def test_errors_inside_the_block_are_not_swallowed(network: nn.Sequential) -> None:
    with pytest.raises(RuntimeError, match="shapes"), read_layers(network, ["1"]):
        network(torch.ones(1, 4))


def test_a_wrong_name_lists_the_nearest(network: nn.Sequential) -> None:
    with pytest.raises(ValueError, match=r"no layer '2\.1': the nearest are \['2\.0'"), read_layers(network, ["2.1"]):
        pass


def test_nearest_puts_the_most_alike_first() -> None:
    assert nearest("smilling", ["age", "smiling", "hat"], 2)[0] == "smiling"
    assert len(nearest("x", [str(i) for i in range(20)])) == 8


def test_passes_of_other_threads_are_not_read(tiny) -> None:
    """Each of several threads reads its own, whatever the others pass at the same time."""
    codes = [tiny.sample([seed] * 4) for seed in range(40)]
    layer = tiny.layer_names[0]

    def read(batch):
        with torch.no_grad(), read_layers(tiny, [layer], stop=False) as found:
            tiny.synthesize(batch)
        return found[layer]

    alone = [read(batch) for batch in codes]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(read, codes))
    assert all(torch.equal(one, other) for one, other in zip(alone, together, strict=True))
