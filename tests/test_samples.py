import pytest
import torch

from latentwalk.samples import Samples, fresh_seeds, sample_codes, score_samples
from latentwalk.scores import score
from random_networks import random_biggan
from toys import ATTRIBUTES, ToyScorer


def test_scores_belong_to_their_codes(toy) -> None:
    samples = score_samples(toy, ToyScorer(), 600)
    assert samples.attributes == ATTRIBUTES
    assert torch.allclose(samples.scores, score(toy, ToyScorer(), samples.latents), atol=1e-5)
    assert torch.equal(samples.column("two"), samples.scores[:, 1])


def test_more_samples_begin_with_the_same_ones(toy) -> None:
    few, many = (score_samples(toy, ToyScorer(), count, seed=4) for count in (10, 600))
    assert torch.equal(few.latents.values, many.latents.values[:10])


def test_every_code_gets_the_next_class_however_codes_are_batched() -> None:
    generator = random_biggan()
    for batch in (2, 3, 100):
        parts = list(sample_codes(generator, 7, labels=torch.tensor([3, 0, 1]), batch=batch))
        labels = torch.cat([part.labels for part in parts if part.labels is not None])
        assert labels.tolist() == [3, 0, 1, 3, 0, 1, 3]


def test_seeds_of_samples_meet_neither_each_other_nor_small_ones() -> None:
    one, other = fresh_seeds(10**8, 0), fresh_seeds(10**8, 1)
    assert one.start > 2**32
    assert one[-1] < other.start


@pytest.mark.parametrize(("count", "seed"), [(10, -1), (10**8 + 1, 0)])
def test_seeds_that_would_meet_are_refused(count, seed) -> None:
    with pytest.raises(ValueError, match=rf"got seed {seed}, {count} samples"):
        fresh_seeds(count, seed)


def test_an_attribute_that_was_not_scored_is_refused(toy) -> None:
    with pytest.raises(ValueError, match="no attribute 'four' among the samples: there are one, two, three"):
        score_samples(toy, ToyScorer(), 2).column("four")


def test_scores_that_fit_neither_codes_nor_attributes_are_refused(toy) -> None:
    for shape in ((4, 2), (5, 1)):
        with pytest.raises(ValueError, match=r"expected scores of the shape \[5, 2\], .* got"):
            Samples(toy.sample(range(5)), torch.zeros(shape), ("a", "b"))


def test_one_sample_is_too_few(toy) -> None:
    with pytest.raises(ValueError, match="expected at least 2 samples, got 1"):
        score_samples(toy, ToyScorer(), 1)
