"""Where codes walk, and that a picture of the walk is made again wherever it was."""

import pytest
import torch

import latentwalk as lw
from latentwalk.checkpoints import own
from latentwalk.latents import Latents
from latentwalk.receipts import Receipt
from random_networks import random_conditional_dcgan, random_stylegan2

FEW = ("--max-steps", 5)
"""Enough to leave the start, and a walk need not arrive."""


@pytest.fixture
def style(tmp_path) -> str:
    own.write(random_stylegan2(), tmp_path / "style.safetensors")
    return str(tmp_path / "style.safetensors")


@pytest.mark.parametrize("space", ["z", "w", "w+", None])
def test_seeds_walk_where_they_are_told_to_and_replay_goes_the_same_way(space, style, telling, run, tmp_path):
    chosen = ("--space", space) if space else ()
    out = tmp_path / "out"
    shown = "strip" if space else "strip,plane,gif"
    given = ("--scorer", telling, "--seeds", "0-2", "--set", "bright=0.6", "--show", shown, *FEW)
    code, _, err = run("edit", style, *chosen, *given, "--out", out)
    assert code in (0, 1), err
    receipt, made = Receipt.read(out / "strip.png"), lw.load(style)
    assert receipt.recipe.codes.space == (space or "w+") and receipt.recipe.codes.seeds == "0-2"
    assert [row.seed for row in receipt.codes] == [0, 1, 2]
    ends = Latents.load(out / "latents.safetensors")
    assert ends.space == (space or "w+") and made.render(ends).shape == (3, *made.image_shape)
    # A scorer that is Python code is never imported because a picture says so.
    assert run("replay", out / "strip.png", "--scorer", telling).out == "bit for bit the same\n"


def test_straight_walks_begin_where_seeds_are_sampled(style, telling, run, tmp_path):
    found = lw.discover(lw.load(style), ["ganspace"], samples=50, space="w", options={"ganspace": {"components": 3}})[
        "ganspace"
    ]
    found.save(tmp_path / "found.safetensors")
    along = f"{tmp_path / 'found.safetensors'}:{found[0].name}"
    code, _, err = run(
        "edit", style, "--direction", along, "--strength", 2, "--show", "none", "--out", tmp_path / "out"
    )
    assert code == 0 and Receipt.read(tmp_path / "out" / "receipt.json").recipe.codes.space == "z", err


def test_seeds_start_at_the_same_pictures(style, telling, run, tmp_path):
    made = lw.load(style)
    for space in ("w", "w+"):
        given = ("--space", space, "--scorer", telling, "--seeds", "0-2", "--set", "bright=0.6", "--show", "none")
        run("edit", style, *given, *FEW, "--out", tmp_path / space)
        codes = Receipt.read(tmp_path / space / "receipt.json").recipe.codes
        values = torch.tensor(codes.values).view(-1, *codes.shape)
        assert torch.equal(values, made.map(made.sample(3), space).values)


def test_a_condition_walks_where_it_is_part_of_the_code(telling, run, tmp_path):
    own.write(random_conditional_dcgan(), tmp_path / "labelled.safetensors")
    file, out = tmp_path / "labelled.safetensors", tmp_path / "out"
    given = ("--scorer", telling, "--seeds", "0-2", "--set", "bright=0.6", "--show", "strip", *FEW)
    code, _, err = run("edit", file, "--class", "0=1,2=0.5", "--space", "zy", *given, "--out", out)
    assert code in (0, 1), err
    assert Receipt.read(out / "strip.png").recipe.codes.labels == [[1.0, 0.0, 0.5]] * 3
    assert not torch.equal(Latents.load(out / "latents.safetensors").values[:, 5:], torch.tensor([[1.0, 0.0, 0.5]] * 3))
    assert run("replay", out / "strip.png", "--scorer", telling).out == "bit for bit the same\n"


@pytest.mark.parametrize("space", ["w+", "zy"])
def test_a_picture_is_held_and_replay_holds_it_too(space, style, telling, run, tmp_path, monkeypatch):
    monkeypatch.setattr("latentwalk.inversion.metric.PROBES", (20, 20))
    made, out, chosen = style, tmp_path / "out", ()
    if space == "zy":
        made, chosen = str(tmp_path / "labelled.safetensors"), ("--class", "0=1,2=0.5")
        own.write(random_conditional_dcgan(), made)
    given = ("--scorer", telling, "--seeds", "0-1", "--max-steps", 8, "--set", "bright=0.6", "--show", "strip")
    code, _, err = run("edit", made, *chosen, "--space", space, "--hold", "others, picture", *given, "--out", out)
    assert code in (0, 1), err
    recipe = Receipt.read(out / "strip.png").recipe
    assert recipe.hold == ["red", "picture"] and recipe.homing
    assert run("replay", out / "strip.png", "--scorer", telling).out == "bit for bit the same\n"


def test_a_space_that_is_not_there_is_said(style, small, telling, run, tmp_path):
    given = ("--scorer", telling, "--set", "bright", "--out", tmp_path / "out")
    code, _, err = run("edit", small, "--space", "w", *given)
    assert code == 2 and "has the spaces z, got 'w'" in err
    code, _, err = run("sample", style, "--space", "w")
    assert code == 2 and "says what --codes holds" in err
