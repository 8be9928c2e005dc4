"""A scorer for pictures of any size."""

import torch

from latentwalk.scorers.resized import Resized, resized
from toys import ToyScorer


def test_pictures_of_its_size_are_scored_as_they_are() -> None:
    images = torch.rand(2, 3, 8, 8) * 2 - 1
    scorer = ToyScorer()
    assert torch.equal(Resized(scorer, 8)(images), scorer(images))
    assert Resized(scorer, 8).attributes == scorer.attributes and Resized(scorer, 8).source == "toy"


def test_larger_and_smaller_ones_say_the_same_and_have_gradients() -> None:
    small = torch.rand(2, 3, 4, 4) * 2 - 1
    large = small.repeat_interleave(4, 2).repeat_interleave(4, 3).requires_grad_()
    assert torch.allclose(Resized(ToyScorer(), 4)(large), ToyScorer()(small), atol=1.0)
    Resized(ToyScorer(), 4)(large).sum().backward()
    assert large.grad is not None and float(large.grad.abs().min()) > 0
    assert resized(small, 8).shape == (2, 3, 8, 8)
