"""A reader of exact values: what is planted is read, degrees as probabilities, and its card is true of unseen ones."""

from dataclasses import asdict

import pytest
import torch

from latentwalk.scorers.classifier import Classifier
from latentwalk.training.data import Pictures
from latentwalk.training.reader import ReaderRecipe, agreement, learn_to_read, read

QUICK = ReaderRecipe(epochs=5, batch=16, width=8)


def planted(count: int, seed: int) -> Pictures:
    """A spot at the left or none, on a background whose red is the degree."""
    rng = torch.Generator().manual_seed(seed)
    spot, degree = (torch.rand(count, generator=rng) < 0.5).float(), torch.rand(count, generator=rng)
    images = torch.randint(0, 60, (count, 3, 16, 16), generator=rng).float()
    images[:, 0] += 180 * degree[:, None, None]
    images[:, 1, 4:10, 2:8] += 180 * spot[:, None, None]
    return Pictures(images.byte(), ("spot", "degree"), torch.stack([spot, degree], 1))


@pytest.fixture(scope="module")
def unseen() -> Pictures:
    return planted(200, 1)


@pytest.fixture(scope="module")
def reader(unseen) -> Classifier:
    return learn_to_read(planted(320, 0), unseen, QUICK)


def test_what_is_planted_is_read(reader, unseen):
    spot, degree = reader.card["held_out"]
    assert spot["accuracy"] > 0.99 and spot["auc"] > 0.99 and spot["positive"] == unseen.column("spot").sum()
    assert degree["r2"] > 0.9
    probability = read(reader, unseen.images).sigmoid()[:, 1]
    assert (probability - unseen.column("degree")).abs().mean() < 0.08, "a degree is the probability itself"


def test_the_card_says_what_a_saved_reader_does(reader, unseen, tmp_path):
    reader.save(tmp_path / "reader.safetensors")
    loaded = Classifier.load(tmp_path / "reader.safetensors")
    rows = agreement(read(loaded, unseen.images), unseen.values, unseen.attributes)
    for row, claimed in zip(rows, loaded.card["held_out"], strict=True):
        assert row == pytest.approx(claimed, abs=5e-3)
    assert loaded.card["recipe"] == asdict(QUICK) | {"augmentation": asdict(QUICK.augmentation)}


def test_a_constant_guess_tells_nothing_of_a_degree():
    values = torch.rand(500, 1)
    [row] = agreement(torch.zeros(500, 1) + torch.logit(values.mean()), values, ["degree"])
    assert row["r2"] == pytest.approx(0, abs=1e-5)
    [row] = agreement(torch.logit(values), values, ["degree"])
    assert row["r2"] == pytest.approx(1, abs=1e-5)


def test_the_same_recipe_gives_the_same_reader_and_another_seed_another(unseen):
    few, short = planted(80, 0), ReaderRecipe(epochs=1, batch=32, width=8)
    one, two = (learn_to_read(few, unseen, short) for _ in range(2))
    assert one.fingerprint == two.fingerprint
    assert learn_to_read(few, unseen, ReaderRecipe(epochs=1, batch=32, width=8, seed=1)).fingerprint != one.fingerprint


def test_values_that_are_no_degrees_and_too_few_pictures(unseen):
    with pytest.raises(ValueError, match="a batch of 64 pictures"):
        learn_to_read(planted(20, 0), unseen)
    pictures = planted(80, 0)
    for wrong in (float("nan"), 1.5):
        pictures.values[3, 1] = wrong
        with pytest.raises(ValueError, match=r"lie in \[0, 1\]"):
            learn_to_read(pictures, unseen, QUICK)
