"""`sample`, `interpolate`, `discover`, `train` and `info`: what they write and say."""

import json
import re
import shlex

import numpy as np
import pytest
import torch
from PIL import Image

from latentwalk.cli.train import Architecture
from latentwalk.direction import Directions
from latentwalk.jobs.load import load
from latentwalk.latents import Latents
from latentwalk.scorers.classifier import ARCHITECTURES, Classifier
from latentwalk.training import loop
from latentwalk.training.one_cycle import Schedule


def test_sample_writes_a_sheet_and_the_codes(small, run, tmp_path):
    sheet, codes = tmp_path / "new" / "sheet.png", tmp_path / "codes.safetensors"
    arguments = ("--seeds", "3,7,40-42", "--scale", 2, "--columns", 5, "--out", sheet, "--codes-out", codes)
    assert run("sample", small, *arguments) == (0, f"wrote {sheet}\nwrote {codes}\n", "")
    with Image.open(sheet) as picture:
        assert picture.width == 5 * 32 + 4 * 4 + 2 * 8
    latents = Latents.load(codes)
    assert latents.seeds.tolist() == [3, 7, 40, 41, 42]
    assert latents.values.equal(load(small).sample([3, 7, 40, 41, 42]).values)
    assert run("replay", sheet) == (0, "bit for bit the same\n", "")
    assert re.search(r"seeds +3,7,40-42\n", run("info", codes).out)


def test_sample_for_machines(small, run, tmp_path):
    code, out, err = run("sample", small, "--seeds", "0-1", "--out", tmp_path / "a.png", "--json")
    assert (code, err) == (0, "")
    files = [str(tmp_path / "a.png")]
    assert json.loads(out) == {"generator": str(small), "codes": 2, "drawn": 2, "files": files}


def test_samples_that_are_all_the_same_give_a_hint(run, tmp_path):
    dim = {f"main.{i}.weight": 1e-4 * torch.ones(*pair, 4, 4) for i, pair in enumerate(((8, 6), (6, 3)))}
    torch.save(dim, tmp_path / "a.pt")
    sample = ("sample", tmp_path / "a.pt", "--out", tmp_path / "a.png", "--force")
    code, out, err = run(*sample)
    assert (code, out) == (0, f"wrote {tmp_path / 'a.png'}\n")
    assert err.startswith("note: its pictures are nearly all the same: ") and "--activation" in err
    for silent in (("--activation", "relu"), ("--seeds", "3"), ("--truncation", "0.1")):
        assert run(*sample, *silent).err == ""


def test_a_sheet_has_an_end(small, run, tmp_path, monkeypatch):
    monkeypatch.setattr("latentwalk.cli.sample.MOST", 4)
    _, out, _ = run("sample", small, "--out", tmp_path / "a.png")
    assert out.startswith("the sheet shows the first 4 of 16 codes\n")


@pytest.mark.parametrize("name", ["path.png", "path.gif", "path.mp4"])
def test_interpolate(small, run, tmp_path, name):
    arguments = ("interpolate", small, "--seeds", "3,7,12", "--steps", 4, "--scale", 2, "--out", tmp_path / name)
    assert run(*arguments) == (0, f"wrote {tmp_path / name}\n", "")
    code, out, _ = run(*arguments, "--how", "lerp", "--json", "--force")
    assert code == 0 and json.loads(out)["pictures"] == 7
    if name.endswith(".png"):
        assert run("replay", tmp_path / name).out == "bit for bit the same\n"
        assert "lerp, 4 steps per leg" in run("info", tmp_path / name).out


def test_discover_one_method_into_one_file(small, telling, run, tmp_path):
    found = tmp_path / "found.safetensors"
    arguments = ("discover", small, "--method", "logistic", "--scorer", telling, "--samples", 600, "--out", found)
    code, out, err = run(*arguments, "--attribute", "red", "--option", "logistic.seed=3")
    assert code == 0 and not err
    assert re.search(r"red +0\.\d{3} +0\.\d{3} +0\.\d{3} +\d+%", out) and "bright" not in out
    assert Directions.load(found).origin.parameters["kind"] == "logistic"
    assert Directions.load(found).origin.parameters["seed"] == 3
    code, out, _ = run(*arguments, "--force", "--json")
    told = json.loads(out)["methods"]["logistic"]
    assert code == 0 and [d["name"] for d in told["directions"]] == ["bright", "red"]
    assert set(told["figures"]) == {"bright", "red"}
    code, out, _ = run("info", found)
    assert code == 0 and "2 directions" in out and "bright" in out
    assert json.loads(run("info", found, "--json").out)["directions"]["recipe"]["samples"] == 600


def test_discover_several_methods_into_a_folder(small, telling, run, tmp_path):
    arguments = ("discover", small, "--scorer", telling, "--samples", 300, "--option", "sefa.components=3")
    methods = ("--method", "svm", "--method", "sefa")
    code, out, err = run(*arguments, *methods, "--out", tmp_path / "found")
    assert code == 0 and not err
    sefa = Directions.load(tmp_path / "found" / "sefa.safetensors")
    assert len(sefa) == 3 and all(direction.name in out for direction in sefa)
    assert {path.name for path in (tmp_path / "found").iterdir()} == {"sefa.safetensors", "svm.safetensors"}
    code, _, err = run(*arguments, *methods, "--out", tmp_path / "one.safetensors")
    assert code == 2 and "is one file, got 2 methods: name a folder, or one --method" in err
    code, _, err = run(*arguments, "--method", "svm", "--out", tmp_path / "other")
    assert code == 2 and "--option sefa.components=3: expected METHOD.KEY=VALUE with a method that is in use" in err


def test_discover_keeps_what_was_found_when_one_method_finds_nothing(small, telling, run, tmp_path):
    arguments = ("discover", small, "--scorer", telling, "--samples", 300, "--method", "sefa", "--method", "svm")
    code, out, err = run(*arguments, "--option", "sefa.components=99", "--out", tmp_path / "found")
    assert code == 0 and not err and "left out sefa: a code has 8 numbers" in out
    assert [path.name for path in (tmp_path / "found").iterdir()] == ["svm.safetensors"]


def test_discover_without_a_scorer_finds_what_needs_none(small, run, tmp_path):
    code, _, err = run("discover", small, "--method", "sefa", "--option", "sefa.components=2", "--out", tmp_path)
    assert code == 0 and not err
    assert Directions.load(tmp_path / "sefa.safetensors").origin.names.scorer.source == "measurements"
    code, _, err = run("discover", small, "--method", "svm", "--out", tmp_path / "more")
    assert code == 2 and "svm learns from scores: name a scorer" in err


TINY = ("--samples", 64, "--batch", 32, "--epochs", 2, "--width", 8)


def test_train_scorer(small, labels, run, tmp_path):
    scorer = tmp_path / "scorer.safetensors"
    arguments = ("train", "scorer", small, "--labels", labels, *TINY, "--out", scorer)
    code, out, err = run(*arguments)
    assert code == 0 and not err
    assert re.search(r"bright +30 +\d+ +\S+ +\S+", out) and f"wrote {scorer}" in out
    assert Classifier.load(scorer).attributes == ("bright", "red")
    trio = {"scorer.safetensors", "scorer-second.safetensors", "scorer-judge.safetensors"}
    assert {path.name for path in tmp_path.iterdir()} == {"labels.csv", *trio}
    assert "resnet18, width 8" in run("info", scorer).out
    code, out, _ = run(*arguments, "--attribute", "glow=bright:1", "--architecture", "plain", "--force", "--json")
    assert code == 0 and json.loads(out)["attributes"] == ["glow"]


def test_ctrl_c_in_training_says_how_to_go_on(small, labels, run, tmp_path, monkeypatch):
    out = tmp_path / "my scorer.safetensors"
    arguments = [str(a) for a in ("train", "scorer", small, "--labels", labels, *TINY, "--out", out)]
    rate_at = Schedule.rate_at

    def stopping(schedule, step):
        if step == 2:
            raise KeyboardInterrupt
        return rate_at(schedule, step)

    with monkeypatch.context() as patched:
        patched.setattr(loop, "EVERY", -1.0)
        patched.setattr(Schedule, "rate_at", stopping)
        code, said, err = run(*arguments)
    assert (code, said) == (130, "") and "step 2 is kept" in err
    assert err.splitlines()[-1].strip() == shlex.join(["latentwalk", *arguments]) and f"'{out}'" in err
    assert not out.exists()

    code, _, err = run(*arguments)
    assert code == 0 and err.startswith("going on from ") and out.exists()
    assert not (tmp_path / "my scorer.safetensors.run").exists()


def test_ctrl_c_before_the_first_checkpoint_leaves_nothing(small, labels, run, tmp_path, monkeypatch):
    def stopping(*_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(Schedule, "rate_at", stopping)
    code, _, err = run("train", "scorer", small, "--labels", labels, *TINY, "--out", tmp_path / "new" / "s.safetensors")
    assert code == 130 and "starts again" in err
    assert [path.name for path in tmp_path.iterdir()] == ["labels.csv"]


def test_train_celeba(celeba, run, tmp_path):
    scorer = tmp_path / "scorer.safetensors"
    arguments = ("train", "celeba", celeba, "--attribute", "Bright", "--batch", 16, "--epochs", 1, "--width", 8)
    code, out, err = run(*arguments, "--out", scorer)
    assert code == 0 and not err and "Bright" in out
    assert Classifier.load(scorer).attributes == ("Bright",)
    code, out, err = run(*arguments, "--attribute", "Brihgt", "--out", tmp_path / "other.safetensors")
    assert (code, out) == (2, "") and "no attribute 'Brihgt'" in err


@pytest.fixture
def celeba(tmp_path):
    """32 pictures of noise in torchvision's layout, every second one bright."""
    random = np.random.default_rng(0)
    root = tmp_path / "celeba"
    (root / "img_align_celeba").mkdir(parents=True)
    names = [f"{number + 1:06}.jpg" for number in range(32)]
    for number, name in enumerate(names):
        pixels = random.normal(90 + 60 * (number % 2), 20, (218, 178, 3))
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(root / "img_align_celeba" / name)
    rows = [f"{name} {2 * (number % 2) - 1} -1" for number, name in enumerate(names)]
    (root / "list_attr_celeba.txt").write_text("\n".join(["32", "Bright Bald", *rows]) + "\n")
    parts = [f"{name} {0 if number < 16 else 1 if number < 24 else 2}" for number, name in enumerate(names)]
    (root / "list_eval_partition.txt").write_text("\n".join(parts) + "\n")
    return root


def test_architectures_are_those_that_exist():
    assert {kind.value for kind in Architecture} == set(ARCHITECTURES)


def test_info_of_what_is_bundled(run):
    code, out, _ = run("info")
    assert code == 0 and "faces64-judge" in out
    told = json.loads(run("info", "--json").out)
    assert told["generators"] == ["faces64", "avatars64"]
    assert told["scorers"][:3] == ["faces64", "faces64-second", "faces64-judge"]
    assert told["scorers"][3:5] == ["avatars64", "avatars64-judge"]
    code, out, _ = run("info", "faces64")
    assert code == 0 and "3,583,427" in out and re.search(r"eyeglasses +206 +34 +0\.9", out)
    told = json.loads(run("info", "faces64", "--json").out)
    assert told["generator"]["image_shape"] == [3, 64, 64] and "eyeglasses" in told["scorer"]["attributes"]


def test_info_of_files(small, run, tmp_path):
    code, out, _ = run("info", small)
    assert code == 0 and re.search(r"^z +8 *$", out, re.MULTILINE) and "16 x 16, colour" in out
    np.save(tmp_path / "codes.npy", np.zeros((5, 8), np.float32))
    assert "5 of the shape [8]" in run("info", tmp_path / "codes.npy").out
