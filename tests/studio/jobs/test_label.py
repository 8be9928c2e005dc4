"""Teaching by labels: what is asked next, what is told of it, and when there is a slider."""

from io import BytesIO

import pytest
from PIL import Image

from latentwalk.features.network import PixelFeatures
from latentwalk.studio.jobs.label import AHEAD, CHECKED, ENOUGH, Label
from latentwalk.studio.model import Model
from latentwalk.studio.session import Session
from latentwalk.studio.state import read
from told import Page, told
from toys import ToyScorer

ONE = ToyScorer().directions["one"]


@pytest.fixture(scope="module")
def model(toy) -> Model:
    scorer = ToyScorer()
    return Model.of(toy, scorer, PixelFeatures(), scorer.directions)


def teach(session: Session, labels: list[tuple[int, bool | None]], first: int | None = None) -> Page:
    return told(read(Label, {"name": "rosy", "labels": labels, "first": first}), session)


def says(session: Session, seed: int) -> bool:
    """What a person who knows would say."""
    return bool(ONE.distance(session.model.generator.sample([seed]))[0] > 0)


def test_a_person_who_answers_gets_a_slider_for_it(model) -> None:
    session = Session(model)
    labels: list[tuple[int, bool | None]] = []
    for count in range(24):
        page = teach(session, labels)
        assert bool(page.details("sliders")) == (count >= ENOUGH)
        seed = page.details("faces")[0]["seeds"][0]
        assert seed not in [asked for asked, _ in labels]
        labels.append((seed, says(session, seed)))
    page = teach(session, labels)
    (slider,) = page.details("sliders")[0]["sliders"]
    assert slider["id"] == "own:label:rosy" and slider["own"] and slider["name"] == "rosy"
    assert float(session.sliders["own:label:rosy"].vector @ ONE.vector) > 0.6
    assert page.details("taught")[0]["auc"] > 0.7
    strip = Image.open(BytesIO(page.files("taught")[0]))
    assert strip.size == (5 * 8, 3 * 8)


def test_without_labels_faces_come_in_turn_and_what_was_skipped_does_not_come_again(model) -> None:
    session = Session(model)
    assert teach(session, []).details("faces")[0]["seeds"] == list(range(AHEAD))
    page = teach(session, [(0, True), (2, None)])
    assert page.details("faces")[0] == {"seeds": [1, 3, 4, 5, 6, 7], "yes": 1, "no": 0, "enough": ENOUGH}
    assert not page.details("taught")


def test_a_face_that_is_shown_stays_first(model) -> None:
    assert teach(Session(model), [(0, True)], first=7).details("faces")[0]["seeds"][:2] == [7, 1]


def test_pictures_are_those_of_the_seeds_beside_each_other(model) -> None:
    page = teach(Session(model), [])
    assert Image.open(BytesIO(page.files("faces")[0])).size == (8 * AHEAD, 8)


def test_any_faces_judge_and_the_hard_ones_only_where_there_are_no_others(model) -> None:
    session = Session(model)
    in_turn = [(seed, says(session, seed)) for seed in range(20)]
    assert not teach(session, in_turn).details("taught")[0]["hard"]
    chosen = [(seed, says(session, seed)) for seed in range(400, 420)]
    assert teach(session, chosen).details("taught")[0]["hard"]


def test_one_kind_of_answer_teaches_nothing(model) -> None:
    session = Session(model)
    few = [(seed, seed < CHECKED - 1) for seed in range(ENOUGH)]
    assert not teach(session, few).details("sliders")


@pytest.mark.parametrize(
    "data",
    [{"name": ""}, {"name": "a,b"}, {"name": "x" * 61}, {"name": "a", "labels": [[-1, True]]}, {"labels": [[1, True]]}],
)
def test_messages_that_mean_nothing_are_refused(data: dict) -> None:
    with pytest.raises(ValueError) as refused:
        read(Label, data)
    assert "\n" not in str(refused.value)
