"""Codes and directions of other programs on the command line: what it asks, what it says it took, what it draws."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from latentwalk.checkpoints import own
from latentwalk.latents import Latents
from latentwalk.receipts import Receipt
from random_networks import SIZES, random_stylegan2

CODES = torch.randn(3, 6, 6, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """A folder with a generator whose z, w and layers are six numbers each, and with what people have for it."""
    monkeypatch.chdir(tmp_path)
    own.write(random_stylegan2(replace(SIZES, mapping=(6, 9, 6))), tmp_path / "g.safetensors")
    np.save("w.npy", CODES[:, 0].numpy())
    torch.save(CODES, "latents.pt")
    np.save("pose.npy", CODES[0].numpy())
    np.save("age.npy", CODES[1, :1].numpy())
    save_file({"age": CODES[1, :1].clone(), "pose": CODES[2].clone()}, "both.safetensors")
    return tmp_path


MOVE = ("--direction", "pose.npy", "--scorer", "none", "--show", "strip", "--out", "moved")


@pytest.mark.parametrize(
    ("command", "picture"),
    [
        (("sample", "g.safetensors", "--out", "new.png"), "new.png"),
        (("interpolate", "g.safetensors", "--out", "new.png", "--steps", "2"), "new.png"),
        (("edit", "g.safetensors", *MOVE), "moved/strip.png"),
    ],
)
def test_codes_of_z_or_w_are_asked_for_and_drawn_as_told(place, run, command, picture) -> None:
    code, out, err = run(*command, "--codes", "w.npy")
    assert (code, out) == (2, "")
    assert err == "error: w.npy [3, 6] may hold codes of z or of w: say which with --space z or --space w\n"
    assert run(*command, "--codes", "w.npy", "--space", "w").code == 0
    codes = Receipt.read(picture).recipe.codes
    kept = torch.tensor(codes.values).view(-1, *codes.shape)
    assert codes.space == "w" and torch.allclose(kept, CODES[:, 0])
    assert "bit for bit" in run("replay", picture).out


def test_codes_of_w_plus_need_no_word(place, run) -> None:
    code, _, err = run("sample", "g.safetensors", "--codes", "latents.pt", "--codes-out", "ours.safetensors")
    assert (code, err) == (0, "")
    ours = Latents.load("ours.safetensors")
    assert ours.space == "w+" and torch.equal(ours.values, CODES)


def test_a_direction_of_w_plus_is_replayed_from_its_picture(place, run) -> None:
    code, _, err = run("edit", "g.safetensors", "--codes", "latents.pt", *MOVE, "--strength", "-2:2:3")
    assert code == 0
    assert "pose.npy [6, 6] is taken as 1 direction of w+" in err
    moved = Latents.load("moved/latents.safetensors").values - CODES
    pose = (CODES[0] / CODES[0].norm()).flatten()
    assert torch.allclose(torch.cosine_similarity(moved.flatten(1), pose[None]), torch.ones(3))
    assert "bit for bit" in run("replay", "moved/strip.png").out


def test_a_direction_of_z_moves_no_codes_of_w_plus(place, run) -> None:
    code, out, err = run(
        "edit", "g.safetensors", "--codes", "latents.pt", "--direction", "age.npy", "--direction-space", "z",
        "--scorer", "none", "--out", "moved",
    )  # fmt: skip
    assert (code, out) == (2, "") and err.startswith("error: ") and err.count("\n") == 1
    assert not Path("moved").exists()


def test_directions_of_others_are_judged_and_never_written(place, run) -> None:
    judged = ("evaluate", "both.safetensors", "--generator", "g.safetensors", "--codes", 4, "--strengths", 3, "--force")
    before = Path("both.safetensors").read_bytes()
    code, out, err = run(*judged, "--update")
    assert code == 0 and "both:age" in out and "both:pose" in out
    assert "both.safetensors, age [1, 6] is taken as of w; --direction-space z" in err
    assert Path("both.safetensors").read_bytes() == before
    code, out, err = run(*judged, "--direction-space", "w+")
    assert code == 0 and "both:pose" in out and "both:age" not in out
    assert "no directions of this generator are in age: left out" in err


def test_a_walk_to_a_goal_goes_along_directions_of_others(small, telling, tmp_path, run, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("bright.npy", np.eye(8, dtype=np.float32)[:1])
    arguments = (
        "--scorer",
        telling,
        "--set",
        "bright=0.6",
        "--along",
        "bright.npy",
        "--show",
        "none",
        "--seeds",
        "0-1",
    )
    assert run("edit", small, *arguments, "--out", "walked").code in (0, 1)
    recipe = Receipt.read("walked/receipt.json").recipe
    assert [direction.name for direction in recipe.walk.directions] == ["bright"]


def test_a_space_of_directions_needs_directions(run) -> None:
    code, _, err = run("edit", "faces64", "--set", "hat", "--direction-space", "z")
    assert code == 2 and "--direction-space says what --direction or --along holds" in err
