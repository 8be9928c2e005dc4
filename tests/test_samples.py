import pytest
import torch

from latentwalk.samples import (
    COUNTED,
    Samples,
    are_counted,
    counted_codes,
    fresh_seeds,
    gather,
    sample_codes,
    score_samples,
)
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


def test_many_codes_are_rows_of_the_table_of_their_seed_in_any_batches(toy) -> None:
    count = COUNTED + 1
    assert are_counted(count) and not are_counted(COUNTED)
    codes = gather(sample_codes(toy, count, 3, batch=4000), count)
    assert torch.equal(codes.values, counted_codes(toy, 3, 0, count).values)
    assert codes.seeds is None
    some = next(sample_codes(toy, COUNTED, 3, batch=4))
    assert some.seeds is not None and some.seeds.tolist() == list(fresh_seeds(4, 3))


def test_a_row_of_the_table_has_its_class_wherever_it_is_made() -> None:
    generator, turns = random_biggan(), torch.tensor([3, 0, 1])
    whole = counted_codes(generator, 0, 0, 20, turns)
    part = counted_codes(generator, 0, 7, 5, turns)
    assert whole.labels is not None and part.labels is not None
    assert torch.equal(whole.values[7:12], part.values)
    assert torch.equal(whole.labels[7:12], part.labels)


def test_many_scored_samples_have_the_scores_of_the_table(toy, monkeypatch) -> None:
    monkeypatch.setattr("latentwalk.samples.COUNTED", 100)
    samples = score_samples(toy, ToyScorer(), 600, seed=2)
    codes = counted_codes(toy, 2, 0, 600)
    assert torch.equal(samples.latents.values, codes.values)
    assert torch.allclose(samples.scores, score(toy, ToyScorer(), codes), atol=1e-5)


def test_gathered_codes_keep_labels_and_seeds_and_are_as_many_as_said() -> None:
    generator = random_biggan()
    parts = list(sample_codes(generator, 7, labels=torch.tensor([3, 0, 1]), batch=3))
    one = gather(parts, 7)
    assert one.seeds is not None and one.seeds.tolist() == list(fresh_seeds(7, 0))
    assert one.labels is not None and one.labels.tolist() == [3, 0, 1, 3, 0, 1, 3]
    for wrong in (6, 8):
        with pytest.raises(ValueError, match=f"expected {wrong} codes, got"):
            gather(parts, wrong)
