"""Names of sliders: a file of the user takes them, what comes with the package does not."""

import pytest

from latentwalk.direction import Directions
from latentwalk.origin import Origin
from latentwalk.studio.cards import FOUND, TAUGHT, Card
from toys import ToyScorer


def test_a_bundled_name_says_what_found_it() -> None:
    assert (Card.of("ganspace: light").name, Card.of("ganspace: light").group) == ("light", FOUND)
    assert (Card.of("mouth_open").name, Card.of("mouth_open").group) == ("mouth_open", TAUGHT)
    assert Card.of("note: light").name == "note: light"


def test_a_new_name_goes_into_the_file_of_the_user(tmp_path) -> None:
    path, directions = tmp_path / "mine.safetensors", ToyScorer().directions
    Directions(directions.items, Origin(method="sefa", figures={"two": {"sigma": 1}})).save(path)
    card = Card("two", "mine", path, 1)
    card.rename("rosy cheeks")
    again = Directions.load(path)
    assert [each.name for each in again] == ["one", "rosy cheeks", "three"] and card.name == "rosy cheeks"
    assert again.origin.figures == {"rosy cheeks": {"sigma": 1}}
    assert list(tmp_path.iterdir()) == [path]


def test_a_name_that_is_taken_changes_nothing(tmp_path) -> None:
    path = tmp_path / "mine.safetensors"
    ToyScorer().directions.save(path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="'one' in this file already"):
        Card("two", "mine", path, 1).rename("one")
    assert path.read_bytes() == before


def test_what_comes_with_the_package_keeps_its_name() -> None:
    with pytest.raises(ValueError, match="comes with the package"):
        Card.of("smiling").rename("grin")
