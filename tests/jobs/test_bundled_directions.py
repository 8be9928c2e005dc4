"""The directions that come with avatars64: by name, and as a judge that taught nobody sees them."""

import pytest
import torch

from latentwalk.bundled import DIRECTIONS
from latentwalk.jobs.directions import read_directions, read_one
from latentwalk.jobs.load import load, load_scorer


@pytest.fixture(scope="module")
def avatars():
    return load("avatars64")


def test_they_are_named_by_their_generator(avatars) -> None:
    found = read_directions("avatars64", avatars)
    assert found.origin.made_for == avatars.fingerprint and {each.space for each in found} == {"w"}
    assert torch.equal(read_one("avatars64:hat", avatars).vector, found["hat"].vector)
    assert torch.equal(read_one("avatars64:sefa: long_hair - x", avatars).vector, found["sefa: long_hair - x"].vector)
    assert DIRECTIONS["avatars64"].stat().st_size < 60_000


@torch.no_grad()
def test_the_judge_sees_what_their_names_say(avatars) -> None:
    judge = load_scorer("avatars64-judge")
    codes = avatars.map(avatars.sample(range(16)), "w")
    usual = judge(avatars.render(codes)).std(0)
    for name in ("hat", "background_hue", "clothes_hue", "x", "size"):
        direction = read_one(f"avatars64:{name}", avatars)
        ends = [judge(avatars.render(direction.shift(codes, strength))) for strength in (2, -2)]
        change = ((ends[0] - ends[1]) / usual).mean(0)
        own = judge.attributes.index(name)
        assert change[own] > 1 and change.abs().argmax() == own


def test_other_generators_do_not_take_them(tiny) -> None:
    with pytest.raises(ValueError, match="was made for the generator 492559bd96889f03"):
        read_directions("avatars64", tiny)
