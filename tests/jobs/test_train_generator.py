"""From pictures to a generator that everything takes."""

import json
from dataclasses import replace

import pytest
import torch
from PIL import Image

import latentwalk as lw
from latentwalk.cli.train_generators import GENERATORS
from latentwalk.files import NoSpace
from latentwalk.image_encoder import ImageEncoder
from latentwalk.images import save_image
from latentwalk.jobs import train_generator as job
from latentwalk.jobs.train_generator import outputs_of, train_generator
from latentwalk.training import diary, loop
from latentwalk.training.data import Pictures
from latentwalk.training.loop import Interrupted
from latentwalk.training.losses import LOSSES
from latentwalk.training.recipes import RECIPES

SMALL = {"size": 8, "batch": 4, "kimg": 0.02, "z": 6}


@pytest.fixture
def pictures() -> Pictures:
    random = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (24, 3, 8, 8), generator=random, dtype=torch.uint8)
    bright = images.float().mean((1, 2, 3))
    values = [torch.arange(24) % 2, bright > bright.median(), bright / 255]
    return Pictures(images, ("odd", "bright", "light"), torch.stack([each.float() for each in values], 1))


def test_the_names_of_the_commands_are_those_of_the_recipes():
    assert set(GENERATORS) == set(RECIPES)


def test_what_is_trained_is_walked_like_any_other(pictures, tmp_path, monkeypatch):
    monkeypatch.setattr(diary, "LINES", 2)
    out, run = tmp_path / "my.safetensors", tmp_path / "run"
    made = train_generator("stylegan2", pictures, out, run=run, sheets=0.01, **SMALL)
    loaded = lw.load(out)
    assert loaded.fingerprint == made.fingerprint and list(loaded.spaces) == ["z", "w", "w+", "s"]
    found = lw.discover(loaded, ["sefa"], samples=50, space="w")["sefa"]
    codes = loaded.map(loaded.sample(2), "w")
    assert not torch.equal(loaded.render(found[0].shift(codes, 2.0)), loaded.render(codes))
    assert sorted(f.name for f in run.iterdir()) == [
        "checkpoint.pt",
        "index.html",
        "losses.jsonl",
        "run.json",
        "sheets",
    ]
    assert len(list((run / "sheets").iterdir())) == 1, "two of the same thousand"
    assert [json.loads(line)["step"] for line in (run / "losses.jsonl").read_text().splitlines()] == [2, 4]


def test_conditions_in_w_are_asked_of_nobody(pictures, tmp_path):
    out = tmp_path / "my.safetensors"
    made = train_generator("stylegan2-conditions", pictures, out, run=tmp_path / "run", sheets=0, **SMALL)
    assert made.classes == 0 and list(made.spaces) == ["z", "w", "w+", "s"]
    w = made.map(made.sample(400), "w").values
    assert {*w[:, :2].round(decimals=3).flatten().tolist()} >= {0.0, 2.0}, "odd and bright, there or not"


ASKED = [name for name, known in RECIPES.items() if known.labelled and name != "stylegan2-conditions"]


@pytest.mark.parametrize("recipe", ASKED)
def test_what_learned_labels_is_walked_like_any_other(recipe, pictures, tmp_path):
    out = tmp_path / "my.safetensors"
    train_generator(recipe, pictures, out, run=tmp_path / "run", sheets=0.01, **(SMALL | {"z": 10}))
    loaded = lw.load(out)
    assert loaded.conditions.names == ("odd", "bright") and not loaded.conditions.exclusive
    assert loaded.classes == 2 and list(loaded.spaces) == ["z", "zy"], "odd and bright: light has degrees"
    vectors = torch.tensor([[0.0, 1.0], [1.0, 1.0]])
    codes = loaded.map(loaded.sample(2, vectors), "zy")
    found = lw.discover(loaded, ["sefa", "ganspace"], samples=50, space="zy", labels=vectors)
    for directions in found.values():
        assert not torch.equal(loaded.render(directions[0].shift(codes, 2.0)), loaded.render(codes))
    one = train_generator(recipe, pictures, tmp_path / "one.safetensors", conditions=["light"], **SMALL)
    assert one.classes == 1


@pytest.mark.parametrize("recipe", [name for name, known in RECIPES.items() if known.encodes])
def test_an_autoencoder_inverts_what_it_was_given(recipe, pictures, tmp_path):
    out = tmp_path / "my.safetensors"
    made = train_generator(recipe, pictures, out, **SMALL)
    assert outputs_of(recipe, out) == [out, tmp_path / "my.encoder.safetensors"]
    assert ImageEncoder.load(tmp_path / "my.encoder.safetensors").base == made.fingerprint
    photos = pictures.images[:2].float() / 127.5 - 1
    found = lw.invert(lw.load(out), photos, align="none", inverter="trained")
    assert found.latents.space == "zy" and found.latents.values.shape == (2, 6 + 2)
    assert torch.equal(found.targets, photos)
    with pytest.raises(ValueError, match=r"my\.safetensors exists already"):
        train_generator(recipe, pictures, out, **SMALL)
    out.unlink()
    with pytest.raises(ValueError, match=r"my\.encoder\.safetensors exists already"):
        train_generator(recipe, pictures, out, **SMALL)


def test_a_stopped_run_goes_on_to_the_same_generator(pictures, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "EVERY", -1.0)

    def stop(what: str, done: int, _total: int) -> None:
        if what.startswith("training") and done == 12:
            raise KeyboardInterrupt

    whole = train_generator("dcgan", pictures, tmp_path / "whole.safetensors", **SMALL)
    with pytest.raises(Interrupted):
        train_generator("dcgan", pictures, tmp_path / "a.safetensors", progress=stop, **SMALL)
    with pytest.raises(ValueError, match=r"recipe\.batch is 4 there, 8 here"):
        train_generator("dcgan", pictures, tmp_path / "a.safetensors", **(SMALL | {"batch": 8}))
    with pytest.raises(ValueError, match="pictures is"):
        train_generator("dcgan", pictures[:20], tmp_path / "a.safetensors", **SMALL)
    with pytest.raises(ValueError, match="networks is dcgan there, relativistic here"):
        train_generator("relativistic", pictures, tmp_path / "a.safetensors", **SMALL)
    with pytest.raises(ValueError, match="seed is 0 there, 1 here"):
        train_generator("dcgan", pictures, tmp_path / "a.safetensors", seed=1, **SMALL)
    again = train_generator("dcgan", pictures, tmp_path / "a.safetensors", **SMALL)
    assert again.fingerprint == whole.fingerprint
    assert not (tmp_path / "a.safetensors.run").exists()


def test_a_full_disk_at_the_end_costs_nothing(pictures, tmp_path, monkeypatch, room):
    """What was trained is kept, and the same call writes it."""
    whole = train_generator("dcgan", pictures, tmp_path / "whole.safetensors", **SMALL)
    write, out = job.own.write, tmp_path / "a.safetensors"

    def full(*given) -> None:
        room(1000)
        try:
            write(*given)
        finally:
            room(None)

    with monkeypatch.context() as patch:
        patch.setattr(job.own, "write", full)
        with pytest.raises(NoSpace, match=r"no space left to write .*a\.safetensors \([\d,]+ bytes\): make room"):
            train_generator("dcgan", pictures, out, **SMALL)
    assert not out.exists() and (tmp_path / "a.safetensors.run" / "checkpoint.pt").exists()
    seen: list[str] = []
    again = train_generator("dcgan", pictures, out, progress=lambda what, *_: seen.append(what), **SMALL)
    assert again.fingerprint == whole.fingerprint and not seen, "not one step was taken again"


def test_what_cannot_be_trained_is_said(pictures, tmp_path):
    out = tmp_path / "a.safetensors"
    with pytest.raises(ValueError, match="unknown recipe 'biggan': expected stylegan2"):
        train_generator("biggan", pictures, out)
    with pytest.raises(ValueError, match="a step sees 64 pictures, got 24"):
        train_generator("dcgan", pictures, out, size=8)
    with pytest.raises(ValueError, match="sizes and rates above 0"):
        train_generator("dcgan", pictures, out, size=8, batch=0)
    with pytest.raises(ValueError, match="learns from no labels: leave the conditions out"):
        train_generator("dcgan", pictures, out, conditions=["odd"], **SMALL)
    with pytest.raises(ValueError, match="no attribute is 1 or 0 of every picture"):
        train_generator("acgan", pictures.only(["light"]), out, **SMALL)
    with pytest.raises(ValueError, match="no attribute 'hat': there are odd, bright, light"):
        train_generator("acgan", pictures, out, conditions=["hat"], **SMALL)
    only = Pictures(pictures.images, ("odd", "all"), torch.stack((pictures.values[:, 0], torch.ones(24)), 1))
    with pytest.raises(ValueError, match="all is 1 in all 24 pictures: expected two kinds or more"):
        train_generator("acgan", only, out, conditions=["all"], **SMALL)
    with pytest.raises(ValueError, match="no attribute is 1 or 0 of every picture, and both of some"):
        train_generator("acgan", only.only([]), out, **SMALL)
    assert not list(tmp_path.iterdir()) and job.SHOWN > 0


def test_what_no_pictures_could_fit_is_said_before_they_are_read(tmp_path):
    """There are none, and nobody came to notice."""
    for changed, says in (
        ({"batch": 6}, r"groups of 4 pictures: expected a batch of 4, 8, ..., got 6"),
        ({"size": 24}, "got 24"),
    ):
        with pytest.raises(ValueError, match=says):
            train_generator("stylegan2", tmp_path / "nowhere", tmp_path / "a.safetensors", **(SMALL | changed))


def test_small_pictures_and_files_that_are_none(tmp_path, monkeypatch):
    """Smaller ones than the network are refused, and the first five files named."""
    monkeypatch.setenv("LATENTWALK_CACHE", str(tmp_path / "cache"))
    (tmp_path / "photos").mkdir()
    for number in range(8):
        save_image(tmp_path / "photos" / f"{number}.png", Image.new("RGB", (4, 4)))
    with pytest.raises(
        ValueError, match=r"8 of 8 pictures .*0\.png has 4x4 pixels: expected 8 or more .*4\.png .*3 more$"
    ):
        train_generator("dcgan", tmp_path / "photos", tmp_path / "a.safetensors", **SMALL)
    for number in range(8):
        (tmp_path / "photos" / f"{number}.png").write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"8 of 8 pictures cannot be used: .*0\.png.*; and 3 more$"):
        train_generator("dcgan", tmp_path / "photos", tmp_path / "a.safetensors", **SMALL)
    assert not (tmp_path / "a.safetensors").exists() and not (tmp_path / "a.safetensors.run").exists()


def test_training_that_never_works_says_which_loss(pictures, tmp_path, monkeypatch):
    """From the first step on, or from the second because the rate is absurd."""
    known = RECIPES["relativistic"].recipe
    absurd = replace(known, turns=tuple(replace(turn, rate=1e30) for turn in known.turns))
    with pytest.raises(
        ValueError, match=r"^10 steps in a row .*\(critic_relativistic.*training diverged, try a lower rate$"
    ):
        train_generator(absurd, pictures, tmp_path / "a.safetensors", name="relativistic", **SMALL | {"kimg": 0.2})
    broken = lambda scene: LOSSES["r1"](scene) * float("nan")  # noqa: E731
    monkeypatch.setitem(LOSSES, "r2", broken)
    with pytest.raises(
        ValueError, match=r"^10 steps in a row had gradients that are no numbers \(r2\): training diverged"
    ):
        train_generator("relativistic", pictures, tmp_path / "a.safetensors", **SMALL | {"kimg": 0.2})
    assert not list(tmp_path.iterdir())
