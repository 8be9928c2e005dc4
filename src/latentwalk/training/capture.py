"""Steps as CUDA graphs: the thousand launches of a step of small networks cost more than what they compute."""

from collections.abc import Callable

import torch
from torch import Tensor

from latentwalk.training.scene import Batch

Kind = tuple[tuple[int, ...], ...]
"""What is computed in a step; steps of one kind launch the same."""

WARM = 3
"""Steps of a kind that run as they are first, so that memory, libraries and optimizers are ready."""


class Captured:
    """`play`, recorded once per kind and replayed from then on: the same numbers with one launch.

    play: reads and writes tensors on the device alone, the same ones in every step, and asks for no value.
    """

    def __init__(self, play: Callable[[Kind, Batch], dict[str, Tensor]]) -> None:
        self.play, self.seen = play, dict[Kind, int]()
        self.graphs: dict[Kind, tuple[torch.cuda.CUDAGraph, dict[str, Tensor]]] = {}
        self.stream = torch.cuda.Stream()
        self.batch: Batch | None = None

    def __call__(self, kind: Kind, batch: Batch) -> dict[str, Tensor]:
        if self.batch is None:
            self.batch = _like(batch)
        _copy(batch, self.batch)
        if kind not in self.graphs:
            self.seen[kind] = self.seen.get(kind, 0) + 1
            if self.seen[kind] <= WARM:
                return self._aside(kind, self.batch)
            self.graphs[kind] = self._record(kind, self.batch)
        graph, losses = self.graphs[kind]
        graph.replay()
        return losses

    def _aside(self, kind: Kind, batch: Batch) -> dict[str, Tensor]:
        """On the stream that is recorded later."""
        self.stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self.stream):
            losses = self.play(kind, batch)
        torch.cuda.current_stream().wait_stream(self.stream)
        return losses

    def _record(self, kind: Kind, batch: Batch) -> tuple[torch.cuda.CUDAGraph, dict[str, Tensor]]:
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=self.stream):
            losses = self.play(kind, batch)
        return graph, losses


def _like(batch: Batch) -> Batch:
    *fixed, drawn = batch
    return Batch._make((*map(torch.empty_like, fixed), tuple(map(torch.empty_like, drawn))))


def _copy(source: Batch, target: Batch) -> None:
    for new, old in zip((*source[:-1], *source.drawn), (*target[:-1], *target.drawn), strict=True):
        old.copy_(new)
