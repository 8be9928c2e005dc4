"""Targets that nobody named: as sure as samples are, and no surer than .995."""

import pytest
import torch

from latentwalk.jobs import usual_targets as job
from latentwalk.samples import sample_codes
from latentwalk.scores import score
from toys import ToyScorer


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LATENTWALK_CACHE", str(tmp_path))
    return tmp_path / "sure"


class Unsure(ToyScorer):
    """Never sure of the first attribute, surer than sure of the second, and of the third it always says no."""

    fingerprint = "0123456789abcdef"

    def __call__(self, images, /):
        logits = super().__call__(images)
        return torch.stack([logits[:, 0] / 3, logits[:, 1] * 9, logits[:, 2] / 9 - 4], 1)


def test_a_hundredth_of_the_samples_is_as_sure(toy) -> None:
    found = job.usual_targets(toy, Unsure(), ["one", "two", "three"])
    fresh = torch.cat([score(toy, Unsure(), part) for part in sample_codes(toy, 4000, 5)]).sigmoid()
    assert found["two"] == 0.995
    assert found["three"] == 0.5
    assert 0.6 < found["one"] < 0.99
    assert 0.005 < float((fresh[:, 0] >= found["one"]).float().mean()) < 0.02
    assert list(job.usual_targets(toy, Unsure(), ["three", "one"]).items()) == [("three", 0.5), ("one", found["one"])]


def test_a_second_scorer_has_to_be_as_sure(toy) -> None:
    class Doubtful(Unsure):
        fingerprint = "f" * 16

        def __call__(self, images, /):
            return super().__call__(images) - 2

    alone, both = (job.usual_targets(toy, Unsure(), ["one"], second)["one"] for second in (None, Doubtful()))
    assert 0.5 < both < alone


def test_samples_are_looked_at_once(toy, folder, monkeypatch) -> None:
    first = job.usual_targets(toy, Unsure(), ["one"])
    assert len(list(folder.iterdir())) == 1
    monkeypatch.setattr(job, "score", None)  # whoever looks again fails
    assert job.usual_targets(toy, Unsure(), ["one"]) == first


def test_nothing_is_kept_of_a_scorer_that_cannot_be_told_from_others(toy, folder) -> None:
    job.usual_targets(toy, ToyScorer(), ["one"])
    assert not folder.exists()


def test_an_unknown_attribute_is_refused(toy) -> None:
    with pytest.raises(ValueError, match="no attribute 'four'"):
        job.usual_targets(toy, Unsure(), ["four"])
