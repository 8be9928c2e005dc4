"""`latentwalk train` of generators: what it writes and says."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

import latentwalk as lw


def pictures(folder) -> str:
    """A file of arrays."""
    random = np.random.default_rng(0)
    path = folder / "pictures.npy"
    np.save(path, random.integers(0, 256, (20, 8, 8, 3), dtype=np.uint8))
    return str(path)


def test_pictures_become_a_file_that_other_commands_take(run, tmp_path):
    data, out = pictures(tmp_path), tmp_path / "my.safetensors"
    tiny = ("--size", 8, "--batch", 4, "--kimg", 0.008)
    code, said, err = run("train", "stylegan2", data, *tiny, "--out", out, "--json")
    assert code == 0, err
    assert json.loads(said)["fingerprint"] == lw.load(out).fingerprint
    code, said, _ = run("sample", out, "--seeds", "0-3", "--out", tmp_path / "sheet.png")
    assert code == 0 and (tmp_path / "sheet.png").exists()
    code, _, err = run("train", "dcgan", data, *tiny, "--out", out)
    assert code == 2 and "exists already" in err
    code, said, _ = run("train", "dcgan", data, *tiny, "--out", out, "--force")
    assert code == 0 and "DCGAN of 8 x 8 px" in said and "next: latentwalk sample" in said


def test_what_cannot_be_learned_from_is_said(run, tmp_path):
    code, _, err = run("train", "dcgan", tmp_path / "nowhere", "--out", tmp_path / "a.safetensors")
    assert code == 2 and "no pictures at" in err
    code, _, err = run("train", "dcgan", pictures(tmp_path), "--size", 8, "--out", tmp_path / "a.safetensors")
    assert code == 2 and "a step sees 64 pictures, got 20" in err


def test_a_photograph_goes_through_an_autoencoder(run, tmp_path, monkeypatch):
    """No label of it is known; its conditions are numbers of the code."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    images, labels = random.integers(0, 256, (20, 8, 8, 3), dtype=np.uint8), np.arange(20) % 2
    np.savez("pictures.npz", images=images, labels=labels)
    Image.fromarray(images[0]).save("me.png")
    tiny = ("--size", 8, "--batch", 4, "--kimg", 0.008)
    code, said, err = run("train", "cvae", "pictures.npz", *tiny, "--out", "my.safetensors", "--json")
    assert code == 0, err
    assert json.loads(said)["files"] == ["my.safetensors", "my.encoder.safetensors"]
    command = ("invert", "my.safetensors", "me.png", "--align", "none", "--inverter", "trained")
    code, _, err = run(*command, "--out", "me")
    assert code == 0, err
    codes = lw.Latents.load("me/latents.safetensors")
    assert codes.space == "zy" and codes.labels is None and codes.values.shape == (1, 64 + 2)
    Path("my.encoder.safetensors").rename("other.safetensors")
    code, _, err = run(*command, "--out", "you")
    assert code == 2 and "no encoder was trained along with my.safetensors" in err
    for options, expected in (
        (("--encoder", "none.safetensors"), "no file none.safetensors: expected an encoder"),
        (
            ("--encoder", "other.safetensors", "--inverter", "ridge"),
            "--encoder goes with --inverter trained, got ridge",
        ),
    ):
        code, _, err = run(*command, *options, "--out", "they")
        assert code == 2 and expected in err and err.count("\n") == 1
