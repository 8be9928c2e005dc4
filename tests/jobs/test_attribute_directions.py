"""Directions of all attributes: learned once, kept, and learned again where what is kept is no good."""

from pathlib import Path

import pytest
import torch

import latentwalk as lw
from latentwalk.direction import Direction, Directions
from latentwalk.jobs import attribute_directions as job
from latentwalk.jobs.discover import discover
from latentwalk.jobs.load import measurements_of
from random_networks import EVERY
from toys import ATTRIBUTES, ToyScorer

TRUTH = ToyScorer().directions


class Marked(ToyScorer):
    """A scorer with a fingerprint, as trained ones have."""

    fingerprint = "0123456789abcdef"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("LATENTWALK_CACHE", str(tmp_path))
    monkeypatch.setattr(job, "SAMPLES", 800)
    return tmp_path / "directions"


def test_they_are_those_that_were_planted(toy) -> None:
    found = job.attribute_directions(toy, ToyScorer())
    assert [direction.name for direction in found] == list(ATTRIBUTES)
    assert all(direction.vector @ TRUTH[direction.name].vector > 0.97 for direction in found)


@pytest.mark.parametrize("kind", ["vae", "stylegan2-resnet"])
def test_where_codes_have_labels_all_classes_are_learned_from(kind) -> None:
    generator = EVERY[kind]()
    space = sorted(generator.label_free)[0]
    found = job.attribute_directions(generator, measurements_of(generator), space)
    codes = generator.map(generator.sample(3, [0, 1, 2]), space)
    for direction in found:
        assert not torch.equal(direction.shift(codes, 1.0).values, codes.values)


def test_they_are_learned_once(toy, folder, monkeypatch) -> None:
    first = job.attribute_directions(toy, Marked())
    (file,) = folder.iterdir()
    monkeypatch.setattr(job, "discover", None)  # whoever learns again fails
    again = job.attribute_directions(toy, Marked())
    assert all(torch.equal(one.vector, other.vector) for one, other in zip(first, again, strict=True))
    monkeypatch.setattr(job, "discover", discover)
    file.write_bytes(b"torn")
    mended = job.attribute_directions(toy, Marked())
    assert all(torch.equal(one.vector, other.vector) for one, other in zip(first, mended, strict=True))
    assert len(file.read_bytes()) > 100


def test_another_scorer_is_learned_from_anew(toy, folder) -> None:
    other = Marked()
    other.fingerprint = "f" * 16
    for scorer in (Marked(), other):
        job.attribute_directions(toy, scorer)
    assert len(list(folder.iterdir())) == 2


def test_nothing_is_kept_of_a_scorer_that_cannot_be_told_from_others(toy, folder) -> None:
    job.attribute_directions(toy, ToyScorer())
    assert not folder.exists()


class TestWays:
    def test_pictures_change_less_for_the_same_gain(self, tiny) -> None:
        """On one network with weights that nobody trained, along what its measurements teach."""
        scorer = measurements_of(tiny)
        directions = job.attribute_directions(tiny, scorer)
        ways = job.attribute_ways(tiny, scorer, directions)
        assert [way.name for way in ways] == [direction.name for direction in directions]
        codes = tiny.sample(range(64))
        here = tiny.render(codes)
        shares = []
        for direction, way in zip(directions, ways, strict=True):
            gain = float(way.vector @ direction.vector)
            assert 0 < gain < 1.0001
            along, gently = (tiny.render(each.shift(codes, 0.2 / by)) for each, by in ((direction, 1.0), (way, gain)))
            shares.append(float((gently - here).square().mean() / (along - here).square().mean()))
        assert max(shares) < 0.995, "a random network has hardly anything to gain, and gains it for every attribute"

    def test_they_are_learned_once(self, toy, folder, monkeypatch) -> None:
        directions = job.attribute_directions(toy, Marked())
        first = job.attribute_ways(toy, Marked(), directions)
        monkeypatch.setattr(job, "metric", None)  # whoever measures again fails
        again = job.attribute_ways(toy, Marked(), directions)
        assert all(torch.equal(one.vector, other.vector) for one, other in zip(first, again, strict=True))

    def test_a_network_without_gradients_has_none(self, toy) -> None:
        class Opaque(torch.nn.Module):
            def forward(self, z):
                return toy.synthesize(lw.Latents(z.detach()[:, :16])).detach()

        made = lw.wrap(Opaque(), 16)
        directions = Directions((Direction("one", torch.eye(16)[0]),))
        assert job.attribute_ways(made, ToyScorer(), directions) is None
