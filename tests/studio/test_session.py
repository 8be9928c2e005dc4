"""The picture of a state: what it is, what it says of the edits, and that nothing of the past is in it."""

import base64
import json
import math
import struct

import pytest
import torch

import latentwalk as lw
from latentwalk.features.network import PixelFeatures
from latentwalk.samples import sample_codes
from latentwalk.scores import Unscored
from latentwalk.studio.models import unsupervised
from latentwalk.studio.session import Forgotten, Model, Session
from latentwalk.studio.shelf import Shelf, Written, WrittenFound
from latentwalk.studio.state import Share, Slide, State, read
from latentwalk.walks.interpolate import interpolate
from random_networks import random_conditional_dcgan
from toys import ToyScorer


@pytest.fixture(scope="module")
def toy_model(toy) -> Model:
    scorer = ToyScorer(entangled=True)
    return Model.of(toy, scorer, PixelFeatures(), scorer.directions)


def test_a_picture_is_that_of_the_moved_code_and_its_receipt_is_true(toy, toy_model) -> None:
    name, second = list(toy_model.sliders)[:2]
    state = State(seed=4, edits=(Slide(direction=name, amount=1.5), Slide(direction=second, amount=-0.5)))
    frame = Session(toy_model).frame(state)
    start = toy.sample([4])
    end = toy_model.sliders[second].shift(toy_model.sliders[name].shift(start, 1.5), -0.5)
    torch.testing.assert_close(frame.image, toy.render(end)[0])
    for said, code in ((frame.before, start), (frame.after, end)):
        scores = toy_model.scorer(toy.render(code))[0].sigmoid()
        assert list(said) == list(toy_model.scorer.attributes)
        assert list(said.values()) == pytest.approx(scores.tolist(), abs=1e-5)
    assert frame.distance == pytest.approx(float((end.values - start.values).norm()), rel=1e-5)


def test_no_edits_change_nothing(toy_model) -> None:
    frame = Session(toy_model).frame(State(seed=7))
    assert frame.before == frame.after
    assert (frame.identity, frame.distance) == (pytest.approx(1, abs=1e-5), 0)


def test_a_frame_depends_on_its_state_alone(network) -> None:
    """Whatever was asked for before: other seeds, edits, options, in any order."""
    directions = unsupervised(network)
    model = Model.of(network, Unscored(), PixelFeatures(), directions)
    name = next(iter(model.sliders))
    states = [
        State(seed=1),
        State(seed=1, edits=(Slide(direction=name, amount=2.0),)),
        State(seed=2, edits=(Slide(direction=name, amount=2.0),)),
        State(seed=1, truncation=0.5, edits=(Slide(direction=name, amount=2.0),)),
        State(seed=1, mix=(Share(seed=1, weight=0.7), Share(seed=5, weight=0.3))),
    ]
    session = Session(model)
    for i in (0, 1, 2, 1, 3, 1, 4, 0, 3, 4, 1):
        torch.testing.assert_close(
            session.frame(states[i]).image, Session(model).frame(states[i]).image, atol=1e-5, rtol=0
        )


def test_every_family_has_sliders(generator) -> None:
    """Of every space that it has."""
    model = Model.of(generator, Unscored(), PixelFeatures(), unsupervised(generator))
    name = next(iter(model.sliders))
    frame = Session(model).frame(State(seed=1, edits=(Slide(direction=name, amount=1.0),)))
    assert frame.distance > 0 and math.isfinite(frame.identity)


def test_what_is_held_stays(toy_model) -> None:
    """The direction of "one" changes the others too; without what it has of theirs it does not."""
    one, two, three = toy_model.sliders
    free, held = (
        Session(toy_model).frame(State(seed=3, edits=(Slide(direction=one, amount=2.0),), hold=hold))
        for hold in ((), (two, three))
    )
    assert abs(free.after[two] - free.before[two]) > 0.05
    assert held.after[two] == pytest.approx(held.before[two], abs=1e-4)
    assert held.after[three] == pytest.approx(held.before[three], abs=1e-4)
    assert abs(held.after[one] - held.before[one]) > 0.05


def test_a_mix_is_what_its_shares_are(toy, toy_model) -> None:
    """Seeds and kept codes alike, and changes are measured from the mix itself."""
    session = Session(toy_model)
    kept = session.keep(State(seed=2), toy.sample([2])).id
    shares = (Share(seed=1, weight=0.75), Share(kept=kept, weight=0.25), Share(seed=9, weight=0))
    frame = session.frame(State(seed=7, mix=shares))
    between = interpolate(toy.sample([1]), toy.sample([2]), 5)[1]
    torch.testing.assert_close(frame.image, toy.render(between)[0], atol=1e-5, rtol=0)
    assert frame.before == frame.after and frame.distance == 0


def test_what_is_kept_comes_before_a_mix_and_a_mix_before_a_seed(toy, toy_model) -> None:
    session = Session(toy_model)
    kept = session.keep(State(), toy.sample([3])).id
    for state, seed in ((State(seed=5, mix=(Share(seed=4),)), 4), (State(mix=(Share(seed=4),), kept=kept), 3)):
        torch.testing.assert_close(session.frame(state).image, toy.render(toy.sample([seed]))[0], atol=1e-5, rtol=0)


def test_conditions_hold_one_by_one_or_together() -> None:
    generator = random_conditional_dcgan()
    session = Session(Model.of(generator, Unscored(), PixelFeatures(), unsupervised(generator)))
    vector = generator.render(generator.sample([1], torch.tensor([[0.0, 1.0, 0.5]])))[0]
    torch.testing.assert_close(session.frame(State(seed=1, label=(0.0, 1.0, 0.5))).image, vector)
    one = generator.render(generator.sample([1], 2))[0]
    torch.testing.assert_close(session.frame(State(seed=1, label=2)).image, one)
    with pytest.raises(ValueError, match="a class vector has 3 numbers, got 2"):
        session.frame(State(label=(0.0, 1.0)))
    code = generator.sample([1], torch.tensor([[0.0, 1.0, 0.5]]))
    assert torch.equal(Written.of(code).read(generator).labels, code.labels)


def test_another_model_is_shown_from_then_on(toy_model, tiny) -> None:
    session = Session(toy_model)
    kept = session.keep(State(), toy_model.generator.sample([3])).id
    session.frame(State(seed=4))
    session.show(Model.of(tiny, Unscored(), PixelFeatures(), unsupervised(tiny)))
    torch.testing.assert_close(session.frame(State(seed=4)).image, tiny.render(tiny.sample([4]))[0])
    with pytest.raises(Forgotten):
        session.frame(State(kept=kept))


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (State(edits=(Slide(direction="age", amount=1),)), "no slider 'age': there are one, two, three"),
        (State(label=3), "no class 3: the generator has no classes"),
        (State(kept="photo-1"), "no code 'photo-1' is kept here"),
    ],
)
def test_what_is_not_there_is_said_in_one_line(toy_model, state: State, message: str) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        Session(toy_model).frame(state)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"seed": -1}, "seed: "),
        ({"sead": 1}, "sead: "),
        ({"edits": [{"direction": "one", "amount": float("nan")}]}, "edits.0.amount: "),
        ({"edits": [{"direction": "one", "amount": 1e9}]}, "edits.0.amount: "),
        ({"edits": [{"direction": "one", "amount": 1}] * 1000}, "edits: "),
        ({"truncation": "far"}, "truncation: "),
        ([], "state: "),
        (None, "state: "),
    ],
)
def test_states_that_mean_nothing_are_refused(data, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(State, data)


def test_usual_is_the_mean_of_samples(toy, toy_model) -> None:
    images = toy.render(next(sample_codes(toy, 64, seed=1, batch=64)))
    torch.testing.assert_close(toy_model.usual, images.flatten(1).mean(0))


def test_a_climb_ends_where_the_walk_of_an_edit_does(toy, toy_model) -> None:
    session, state = Session(toy_model), State(seed=5)
    steps = list(session.climb(state, "one", 0.95, ("two",)))
    edited = lw.edit(toy, toy.sample([5]), toy_model.scorer, "one", 0.95, hold="two")
    torch.testing.assert_close(steps[-1][1].latents.values, edited.latents.values)
    assert len(steps) == int(edited.steps[0]) + 1  # the last one is the whole walk
    assert steps[-1][0].after["one"] >= 0.95


def test_what_was_found_is_the_next_start_and_changes_are_measured_from_the_first(toy, toy_model) -> None:
    session, state = Session(toy_model), State(seed=5)
    *_, (frame, walk) = session.climb(state, "one", 0.95, ())
    found = session.keep(state, walk.latents)
    again = session.frame(State(kept=found.id))
    torch.testing.assert_close(again.image, frame.image, atol=1e-6, rtol=0)
    assert again.before == pytest.approx(session.frame(state).before)
    assert again.distance == pytest.approx(frame.distance, rel=1e-4)


def test_a_page_brings_back_what_was_forgotten(toy, toy_model) -> None:
    session = Session(toy_model)
    *_, (frame, walk) = session.climb(State(seed=5), "one", 0.95, ())
    found = session.keep(State(seed=5), walk.latents)
    later = Session(toy_model)
    with pytest.raises(Forgotten):
        later.frame(State(kept=found.id))
    assert later.shelf.bring(read(WrittenFound, json.loads(found.model_dump_json())), toy) == found.id
    torch.testing.assert_close(later.frame(State(kept=found.id)).image, frame.image, atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"space": "w"}, "w"),
        ({"values": "AAAA"}, "a code of z has 16 numbers, got 0"),
        ({"values": "?"}, "base64"),
        ({"values": base64.b64encode(struct.pack("<16f", *[math.inf] * 16)).decode()}, "finite"),
    ],
)
def test_codes_that_are_none_are_not_taken(toy, change: dict, message: str) -> None:
    code = Written.of(toy.sample([1])).model_dump()
    with pytest.raises(ValueError, match=message):
        Shelf().bring(read(WrittenFound, {"code": {**code, **change}, "start": code}), toy)
