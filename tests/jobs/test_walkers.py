"""Walks by a word."""

import pytest

import latentwalk as lw
from latentwalk.jobs import walkers
from latentwalk.jobs.walkers import KINDS, find_walk
from latentwalk.walks import WALKS
from toys import ToyScorer


@pytest.fixture(autouse=True)
def planted(monkeypatch):
    monkeypatch.setattr(walkers, "attribute_directions", lambda *_: ToyScorer().directions)


@pytest.mark.parametrize("kind", KINDS)
def test_a_word_is_a_walk_that_arrives(toy, kind: str) -> None:
    codes, scorer = toy.sample(range(3)), ToyScorer()
    assert type(find_walk(kind, toy, scorer, codes)) is WALKS[kind]
    edited = lw.edit(toy, codes, scorer, "one", 0.9, walk=kind)
    assert edited.reached.all() and edited.receipt.recipe.walk.kind == kind
    assert [code.way for code in edited.receipt.codes] == [
        edited.walk.ways[i] if kind == "auto" else None for i in range(3)
    ]


def test_where_no_direction_can_be_learned_it_climbs(toy, monkeypatch) -> None:
    def refuse(*_):
        raise ValueError("0 and 400")

    monkeypatch.setattr(walkers, "attribute_directions", refuse)
    assert type(find_walk("auto", toy, ToyScorer(), toy.sample(1))) is WALKS["gradient"]
    with pytest.raises(ValueError, match="0 and 400"):
        find_walk("boundary", toy, ToyScorer(), toy.sample(1))


def test_another_word_is_refused(toy) -> None:
    with pytest.raises(ValueError, match="no walk 'fly': there are auto, gradient, boundary"):
        lw.edit(toy, toy.sample(range(2)), ToyScorer(), "one", walk="fly")
