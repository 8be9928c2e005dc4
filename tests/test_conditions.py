"""Which classes are wanted, as people write it."""

import pytest
import torch

from latentwalk.conditions import Conditions, written

FACES = Conditions(("glasses", "hat", "long hair"), exclusive=False)
PETS = Conditions(("cat", "dog", "a=b"))
NUMBERED = Conditions()


@pytest.mark.parametrize(
    ("conditions", "text", "expected"),
    [
        (NUMBERED, "3,0-1", [3, 0, 1]),
        (PETS, "dog, cat", [1, 0]),
        (PETS, "dog/0", [1, 0]),
        (PETS, "a=b,0=1", [[1.0, 0.0, 1.0]]),
        (PETS, "cat=0.5,1=0.5/dog=1", [[0.5, 0.5, 0.0], [0.0, 1.0, 0.0]]),
        (FACES, "hat", [[0.0, 1.0, 0.0]]),
        (FACES, "long hair,glasses=-0.5", [[-0.5, 0.0, 1.0]]),
        (FACES, "0-1/2/hat=0", [[1.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]),
    ],
)
def test_what_is_written_is_what_is_had(conditions, text, expected):
    labels = conditions.read(text, 4 if conditions is NUMBERED else 3)
    assert labels.tolist() == expected
    back = Conditions(exclusive=conditions.exclusive).read(written(labels.tolist()), 4 if conditions is NUMBERED else 3)
    assert torch.equal(back, labels), "by number it is read the same without names"


@pytest.mark.parametrize(
    ("conditions", "text", "said"),
    [
        (FACES, "beard", r"no class 'beard': there are glasses, hat, long hair$"),
        (FACES, "hat=much", r"a number such as hat=0.5, got --class hat=much"),
        (FACES, "hat=nan", "a number such as"),
        (FACES, "hat,", "no class ''"),
        (PETS, "3", "from 0 to 2, got 3"),
        (NUMBERED, "cat", "no class 'cat': there are 3 classes, from 0 to 2"),
        (NUMBERED, "2-1", "backwards"),
        (Conditions(tuple(f"c{i}" for i in range(1000))), "x", "c39 and 960 more$"),
    ],
)
def test_what_there_is_not_is_said_in_one_line(conditions, text, said):
    with pytest.raises(ValueError, match=said) as error:
        conditions.read(text, 3)
    assert "\n" not in str(error.value)


def test_names_are_there_once():
    for names in (("a", "a"), ("a", "")):
        with pytest.raises(ValueError, match="every one once"):
            Conditions(names)
