"""Laws of pictures to learn from: rows stay together, splits are stable, conditions are checked."""

import pytest
import torch

from latentwalk.training.data import Pictures

N = 40


def some(n: int = N, seed: int = 0) -> Pictures:
    """Noise of 8x8, whose columns say its own first pixel, whether its row is odd, and which of three classes it is."""
    random = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (n, 3, 8, 8), generator=random, dtype=torch.uint8)
    row = torch.arange(n)
    table = [images[:, 0, 0, 0], row % 2, row % 3 == 0, row % 3 == 1, row % 3 == 2]
    return Pictures(images, ("pixel", "odd", "a", "b", "c"), torch.stack([each.float() for each in table], 1))


def test_rows_take_their_values_along() -> None:
    pictures = some()
    for rows in (slice(3, 9), [5, 1, 1], torch.tensor([7, 0]), pictures.column("odd") == 1):
        picked = pictures[rows]
        assert torch.equal(picked.column("pixel"), picked.images[:, 0, 0, 0].float())
    assert len(pictures[[5, 1, 1]]) == 3 and len(pictures[[]]) == 0


def test_a_split_depends_on_the_pictures_and_not_on_their_order() -> None:
    pictures = some()
    fit, held = pictures.split(0.25)
    assert len(held) == 10 and len(fit) == 30
    order = torch.randperm(N, generator=torch.Generator().manual_seed(1))
    shuffled = pictures[order].split(0.25)[1]
    assert sorted(held.column("pixel").tolist()) == sorted(shuffled.column("pixel").tolist())
    assert held.fingerprint == pictures.split(0.25)[1].fingerprint


def test_equal_pictures_fall_on_the_same_side() -> None:
    pictures = some()
    twice = pictures[[*range(N), *range(N)]]
    fit, held = twice.split(0.3)
    assert not {each.numpy().tobytes() for each in fit.images} & {each.numpy().tobytes() for each in held.images}
    assert len(fit) + len(held) == 2 * N


def test_the_fingerprint_sees_pixels_names_and_values() -> None:
    pictures = some()
    pixel, value = pictures.images.clone(), pictures.values.clone()
    pixel[-1, -1, -1, -1] ^= 1
    value[0, 0] = torch.nan
    others = [
        Pictures(pixel, pictures.attributes, pictures.values),
        Pictures(pictures.images, pictures.attributes, value),
        Pictures(pictures.images, ("pixel", "odd", "a", "b", "other"), pictures.values),
        pictures[:-1],
    ]
    assert len({each.fingerprint for each in [pictures, *others]}) == 5
    assert pictures.fingerprint == some().fingerprint


def test_classes_count_in_the_columns_that_were_named() -> None:
    pictures = some()
    assert torch.equal(pictures.classes(["a", "b", "c"]), torch.arange(N) % 3)
    assert torch.equal(pictures.classes(["c", "a", "b"]), (torch.arange(N) + 1) % 3)
    with pytest.raises(ValueError, match="13 of 40 pictures are of none or of several of the classes a, b"):
        pictures.classes(["a", "b"])
    with pytest.raises(ValueError, match="of none or of several"):
        pictures.classes()
    with pytest.raises(ValueError, match="two classes or more, there is only a"):
        pictures.classes(["a"])


def test_conditions_are_known_and_varied() -> None:
    pictures = some()
    picked = pictures.only(["b", "pixel"])
    assert picked.attributes == ("b", "pixel") and torch.equal(picked.column("b"), pictures.column("b"))
    with pytest.raises(ValueError, match="no attribute 'hat': there are pixel, odd, a, b, c"):
        pictures.only(["odd", "hat"])
    with pytest.raises(ValueError, match="odd is 1 in all 20 pictures"):
        pictures[pictures.column("odd") == 1].only(["odd"])
    pictures.values[3, 1] = torch.nan
    with pytest.raises(ValueError, match="odd is unknown of 1 of 40 pictures"):
        pictures.only(["odd"])


def test_what_does_not_fit_together_is_refused() -> None:
    images = torch.zeros(4, 3, 8, 8, dtype=torch.uint8)
    with pytest.raises(ValueError, match=r"expected images \[n, c, h, w\] and values \[n, 1\]"):
        Pictures(images, ("odd",), torch.zeros(4, 2))
    with pytest.raises(ValueError, match="every attribute once"):
        Pictures(images, ("odd", "odd"), torch.zeros(4, 2))
    with pytest.raises(ValueError, match="cannot hold out"):
        Pictures(images, (), torch.zeros(4, 0)).split(0.1)


def test_conditions_are_what_is_there_or_not() -> None:
    pictures = some()
    assert pictures.conditions().attributes == ("odd", "a", "b", "c"), "a pixel has degrees"
    assert pictures.conditions(["c", "odd"]).attributes == ("c", "odd")
    with pytest.raises(ValueError, match=r"conditions are in \[0, 1\]"):
        pictures.conditions(["odd", "pixel"])
    with pytest.raises(ValueError, match="no attribute is 1 or 0"):
        pictures[pictures.column("odd") == 1].only(["pixel"]).conditions()
    with pytest.raises(ValueError, match="no attribute is 1 or 0"):
        pictures[[1]].conditions()
