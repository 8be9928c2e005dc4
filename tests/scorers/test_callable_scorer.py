"""Any Python callable as a scorer."""

import sys
import types

import pytest
import torch

from latentwalk.scorers.callable import CallableScorer, as_scorer, from_callable
from latentwalk.scores import Scorer


@pytest.fixture
def module(monkeypatch):
    """An importable module `mine` with a few functions."""
    mine = types.ModuleType("mine")

    def brightness(images):
        return images.mean((1, 2, 3))

    def colours(images):
        return images.mean((2, 3))

    colours.attributes = ("red", "green", "blue")
    mine.brightness, mine.colours, mine.number = brightness, colours, 5
    mine.pair = lambda images: images.mean((2, 3))[:, :2]
    mine.constant = lambda images: torch.zeros(3, 2)
    mine.broken = lambda images: 1 / 0
    mine.words = lambda images: "smiling"
    monkeypatch.setitem(sys.modules, "mine", mine)
    return mine


def test_names_come_from_the_function_or_are_numbered(module):
    assert from_callable("mine:colours").attributes == ("red", "green", "blue")
    assert from_callable("mine:brightness").attributes == ("score",)
    assert from_callable("mine:pair").attributes == ("score0", "score1")
    assert CallableScorer(module.pair, "x", ("a", "b")).attributes == ("a", "b")


def test_logits_are_a_column_per_attribute_and_carry_gradients(module):
    scorer = from_callable("mine:brightness")
    images = torch.zeros(4, 3, 8, 8, requires_grad=True)
    logits = scorer(images)
    assert isinstance(scorer, Scorer) and logits.shape == (4, 1) and scorer.source == "mine:brightness"
    logits.sum().backward()
    assert images.grad is not None and images.grad.abs().sum() > 0


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("nowhere.at_all:f", "cannot import the module"),
        ("mine:nothing", "has no function 'nothing'"),
        ("mine:number", "has no function 'number'"),
        ("mine:colours.deeper", "has no function 'colours.deeper'"),
        ("mine:constant", r"must give logits \[n, a\] for 1 images, got \[3, 2\]"),
        ("mine:broken", r"mine:broken failed on images \[1, 3, 64, 64\]: ZeroDivisionError: division by zero"),
        ("mine:words", r"must give logits \[n, a\] for 1 images, got str"),
    ],
)
def test_what_cannot_be_a_scorer_is_named(module, name, says):
    with pytest.raises(ValueError, match=says):
        from_callable(name)


def test_what_is_handed_in_becomes_a_scorer(tiny):
    class Sum:
        attributes = "bright"  # one name, not six letters

        def __call__(self, images):
            return images.sum((1, 2, 3))

    made = as_scorer(Sum(), tiny)
    assert made.attributes == ("bright",) and made(torch.ones(2, 3, 4, 4)).tolist() == [[48], [48]]
    assert made.source == "Sum" and as_scorer(made, tiny) is made, "what is a scorer already stays the same object"
    sizes = []
    as_scorer(lambda images: sizes.append(tuple(images.shape)) or images.mean((2, 3)), tiny)
    assert sizes == [(1, *tiny.image_shape)], "columns are counted on pictures of the generator's size"


@pytest.mark.parametrize(
    ("given", "says"), [("faces64", r"load_scorer\('faces64'\)"), (3, "got 3"), (dict, "got <class")]
)
def test_what_cannot_be_called_is_explained(tiny, given, says, unchecked):
    with pytest.raises(ValueError, match=f"expected a scorer, or a function from images .*{says}"):
        as_scorer(given, tiny)


def test_as_many_columns_as_names():
    scorer = CallableScorer(lambda images: images.mean((2, 3)), "mine", ("red", "green"))
    with pytest.raises(ValueError, match="mine must give a logit for each of red, green, got 3 columns"):
        scorer(torch.zeros(1, 3, 2, 2))
