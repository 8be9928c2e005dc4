"""From pictures to a generator that everything takes."""

import json

import pytest
import torch

import latentwalk as lw
from latentwalk.cli.train_generators import GENERATORS
from latentwalk.image_encoder import ImageEncoder
from latentwalk.jobs import train_generator as job
from latentwalk.jobs.train_generator import outputs_of, train_generator
from latentwalk.training import diary, loop
from latentwalk.training.data import Pictures
from latentwalk.training.loop import Interrupted
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
    assert sorted(f.name for f in run.iterdir()) == ["checkpoint.pt", "losses.jsonl", "run.json", "sheets"]
    assert len(list((run / "sheets").iterdir())) == 1, "two of the same thousand"
    assert [json.loads(line)["step"] for line in (run / "losses.jsonl").read_text().splitlines()] == [2, 4]


@pytest.mark.parametrize("recipe", [name for name, known in RECIPES.items() if known.labelled])
def test_what_learned_labels_is_walked_like_any_other(recipe, pictures, tmp_path):
    out = tmp_path / "my.safetensors"
    train_generator(recipe, pictures, out, run=tmp_path / "run", sheets=0.01, **(SMALL | {"z": 10}))
    loaded = lw.load(out)
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
    again = train_generator("dcgan", pictures, tmp_path / "a.safetensors", **SMALL)
    assert again.fingerprint == whole.fingerprint
    assert not (tmp_path / "a.safetensors.run").exists()


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
    assert not list(tmp_path.iterdir()) and job.SHOWN > 0
