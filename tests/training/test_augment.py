"""Augmentation keeps what a scorer may rely on."""

import pytest
import torch

from latentwalk.training.augment import Augmentation, augment, mirror_columns

NOTHING = Augmentation(0, 0, 0, 0, 0, 0, mirror=False)
NAMES = ["turned_left", "smiling", "turned_right", "left_eye", "right_hand"]


@pytest.fixture
def images():
    return torch.rand(12, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_shape_type_and_rough_range_are_kept(images):
    torch.manual_seed(0)
    changed, flipped = augment(images, Augmentation())
    assert changed.shape == images.shape and changed.dtype == images.dtype
    assert set(flipped.tolist()) == {0.0, 1.0}
    how = Augmentation()
    assert changed.abs().max() < 1 + 2 * how.light + how.tint + 6 * how.noise


def test_without_noise_the_range_is_exact_up_to_the_light(images):
    changed, _ = augment(images, Augmentation(light=0.1, tint=0.02, noise=0))
    assert changed.abs().max() <= 1 * 1.1 + 0.1 + 0.02 + 1e-5


def test_no_amount_is_no_change(images):
    changed, flipped = augment(images, NOTHING)
    torch.testing.assert_close(changed, images, atol=1e-5, rtol=0)
    assert not flipped.any()


def test_a_flipped_picture_is_the_mirrored_one(images):
    torch.manual_seed(0)
    changed, flipped = augment(images, Augmentation(0, 0, 0, 0, 0, 0, mirror=True))
    expected = torch.where(flipped[:, None, None, None] > 0, images.flip(3), images)
    torch.testing.assert_close(changed, expected, atol=1e-5, rtol=0)


def test_the_same_random_state_gives_the_same_pictures(images):
    torch.manual_seed(3)
    first = augment(images, Augmentation())
    torch.manual_seed(3)
    second = augment(images, Augmentation())
    assert torch.equal(first[0], second[0]) and torch.equal(first[1], second[1])


def test_mirroring_columns_twice_is_nothing():
    columns = mirror_columns(NAMES)
    assert columns == [2, 1, 0, 3, 4], "a name without its counterpart stays where it is"
    assert [columns[i] for i in columns] == list(range(len(NAMES)))
