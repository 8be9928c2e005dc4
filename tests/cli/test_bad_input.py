"""Bad input: one clear line, exit code 2, and not a file more than before."""

import os
import pickle
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file


class Attack:
    """Writes a file when it is unpickled."""

    def __reduce__(self):
        return os.system, ("touch attacked",)


TELLING = """
import torch


def constant(images):
    bright = images.mean((1, 2, 3))
    return torch.stack([0 * bright + 3, 10 + bright, bright + float("nan"), bright / 0], 1)


constant.attributes = ("same", "always", "nan", "infinite")
"""


@pytest.fixture
def place(tmp_path, small, monkeypatch):
    """A folder with good and bad files, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(small, "good.safetensors")
    (tmp_path / "truncated.safetensors").write_bytes(small.read_bytes()[:2000])
    (tmp_path / "text.pt").write_text("this is no checkpoint")
    tensors = load_file(small)
    torch.save({**tensors, "main.2.weight": tensors["main.2.weight"] * float("nan")}, "nan.pt")
    save_file({**tensors, "main.2.weight": torch.zeros(5, 6, 4, 4)}, "shape.safetensors")
    torch.save([1, 2, 3], "list.pt")
    (tmp_path / "attack.pt").write_bytes(pickle.dumps(Attack(), protocol=2))
    np.save("short.npy", np.zeros((3, 5), np.float32))
    np.save("nan.npy", np.full((3, 8), np.nan, np.float32))
    (tmp_path / "names.csv").write_text("seed,hair\n0,k\n1,b\n")
    (tmp_path / "one.csv").write_text("seed,bright\n0,1\n1,1\n")
    (tmp_path / "headless.csv").write_text("0,1\n1,0\n")
    (tmp_path / "there.png").write_text("old")
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "telling.py").write_text(TELLING)
    return tmp_path


EDIT = ("edit", "faces64", "--seeds", "0", "--show", "none", "--out", "new/folder")
SAMPLE = ("sample", "good.safetensors", "--out", "new/sheet.png")
FIND = ("discover", "good.safetensors", "--samples", "100", "--out", "new/found")
TOLD = (*FIND, "--scorer", "telling:constant", "--method")
TRAIN = ("train", "scorer", "good.safetensors", "--out", "new/scorer.safetensors", "--labels")

CASES = {
    "unknown attribute": ((*EDIT, "--set", "glasses"), "no attribute 'glasses'"),
    "unknown held attribute": ((*EDIT, "--set", "hat", "--hold", "smile"), "no attribute 'smile'"),
    "held picture, nothing to hold it for": (
        (*EDIT, "--direction", "faces64:hat", "--strength", "1", "--hold", "picture"),
        "only a walk to a goal can hold the picture",
    ),
    "held goal": ((*EDIT, "--set", "hat", "--hold", "hat"), "held and changed"),
    "target above 1": ((*EDIT, "--set", "hat=1.5"), "between 0 and 1"),
    "target of 0": ((*EDIT, "--set", "hat=0"), "between 0 and 1"),
    "target that is no number": ((*EDIT, "--set", "hat=nan"), "between 0 and 1"),
    "target in words": ((*EDIT, "--set", "hat=high"), "--set hat=high"),
    "unknown picture": ((*EDIT, "--set", "hat", "--show", "painting"), "no kind 'painting'"),
    "unknown judge": ((*EDIT, "--set", "hat", "--judge", "nobody"), "no scorer 'nobody'"),
    "no scorer": (("edit", "good.safetensors", "--set", "hat"), "--scorer"),
    "no directions": ((*EDIT, "--set", "hat", "--along", "text.pt"), "not a readable file of directions"),
    "unknown seeds": ((*SAMPLE, "--seeds", "a-b"), "cannot read the seeds"),
    "seeds backwards": ((*SAMPLE, "--seeds", "9-3"), "runs backwards"),
    "seeds and codes": ((*SAMPLE, "--seeds", "1", "--codes", "short.npy"), "leave one of the two out"),
    "codes of another shape": ((*SAMPLE, "--codes", "short.npy"), "has the shape [3, 5]: expected codes of"),
    "codes that are no numbers": ((*SAMPLE, "--codes", "nan.npy"), "no numbers"),
    "a space of seeds": ((*SAMPLE, "--space", "z"), "--space z says what --codes holds"),
    "a space that is not there": ((*SAMPLE, "--codes", "nan.npy", "--space", "w"), "has the spaces z, got 'w'"),
    "codes of an attack": ((*SAMPLE, "--codes", "attack.pt"), "calls posix.system"),
    "directions of an attack": (
        ("edit", "good.safetensors", "--direction", "attack.pt", "--out", "new/edit"),
        "nothing was executed",
    ),
    "codes that are not there": ((*SAMPLE, "--codes", "nowhere.npy"), "nowhere.npy"),
    "no such generator": (("sample", "nowhere.pt"), "no generator 'nowhere.pt'"),
    "plain http": (("sample", "http://a.org/model.pt"), "use https://"),
    "a file as an address": (("info", "file:///etc/passwd"), "by its path"),
    "a near host": (("sample", "https://127.0.0.1/model.pt"), "not public"),
    "no repository": (("sample", "hf://owner"), "names no repository"),
    "no checkpoint": (("sample", "text.pt"), "not a readable checkpoint"),
    "a list": (("sample", "list.pt"), "no state dict"),
    "truncated": (("sample", "truncated.safetensors"), "damaged or truncated"),
    "another shape": (("sample", "shape.safetensors"), "shape.safetensors"),
    "NaN weights": (("sample", "nan.pt"), "NaN"),
    "no such device": ((*SAMPLE, "--device", "abacus"), "abacus"),
    "unwritable folder": (("sample", "good.safetensors", "--out", "file/sheet.png"), "cannot write in the folder"),
    "unwritable edit": (("edit", "faces64", "--set", "hat", "--out", "file/hat"), "cannot write in the folder"),
    "existing output": (("sample", "good.safetensors", "--out", "there.png"), "--force"),
    "second output exists": ((*SAMPLE, "--codes-out", "good.safetensors"), "--force"),
    "another format": (("sample", "good.safetensors", "--out", "a.bmp"), "ends in .png"),
    "codes in another format": ((*SAMPLE, "--codes-out", "a.npy"), "ends in .safetensors"),
    "one code to go through": (("interpolate", "good.safetensors", "--seeds", "3"), "2 codes or more"),
    "film of another format": (("interpolate", "good.safetensors", "--out", "a.avi"), ".mp4"),
    "boundary of the unknown": (("discover", "faces64", "--method", "svm", "--attribute", "glasses"), "no attribute"),
    "unknown method": ((*FIND, "--method", "pca"), "no method 'pca': there are"),
    "unknown space": ((*FIND, "--method", "sefa", "--space", "w"), "has the spaces z, got 'w'"),
    "a method of another family": (
        (*FIND, "--scorer", "measurements", "--method", "channels"),
        "finds directions in s",
    ),
    "unknown layer": (
        (*FIND, "--method", "ganspace", "--option", "ganspace.layer=layers.9"),
        "the nearest are layers.",
    ),
    "unknown option": ((*FIND, "--method", "sefa", "--option", "sefa.part=3"), "sefa has no option 'part'"),
    "more components than numbers": ((*FIND, "--method", "sefa", "--option", "sefa.components=99"), "8 directions"),
    "nothing to learn from": ((*FIND, "--method", "regression"), "learns from scores: name a scorer"),
    "no labels to learn from": ((*FIND, "--method", "fewshot"), "learns from hand labels"),
    "all scores equal": ((*TOLD, "svm", "--attribute", "same"), "every score is 3"),
    "one class only": ((*TOLD, "regression", "--attribute", "always"), "got 100 and 0"),
    "scores that are no numbers": ((*TOLD, "interfacegan", "--attribute", "nan"), "got 0 and 0"),
    "infinite scores": ((*TOLD, "contrast", "--attribute", "infinite"), "infinite"),
    "damaged directions": (("evaluate", "text.pt", "--generator", "good.safetensors"), "readable file of directions"),
    "directions of nowhere": (("report", "nowhere.npy", "--generator", "good.safetensors"), "no file nowhere.npy"),
    "directions of another size": (
        ("report", "short.npy", "--generator", "good.safetensors"),
        "holds [3, 5]: expected",
    ),
    "directions that name no generator": (("report", "short.npy"), "choose one with --generator"),
    "unknown column": ((*TRAIN, "names.csv", "--attribute", "hat"), "no column 'hat'"),
    "unknown value": ((*TRAIN, "names.csv", "--attribute", "red=hair:r"), "never holds r"),
    "no header": ((*TRAIN, "headless.csv"), "seed, index or photo"),
    "no labels": ((*TRAIN, "nowhere.csv"), "nowhere.csv"),
    "too few labels": ((*TRAIN, "one.csv", "--run", "run"), "bright"),
    "impossible width": ((*TRAIN, "one.csv", "--architecture", "plain", "--width", "12"), "multiple of 8"),
    "fewer samples than a batch": ((*TRAIN, "one.csv", "--samples", "8"), "at least one epoch and one batch"),
    "no CelebA": (("train", "celeba", "."), "list_attr_celeba.txt"),
    "no picture": (("replay", "there.png"), "not a readable PNG"),
    "nothing to tell": (("info", "nowhere"), "no file nowhere"),
    "nothing known": (("info", "text.pt"), "not a readable checkpoint"),
}


@pytest.mark.parametrize(("arguments", "expected"), CASES.values(), ids=CASES.keys())
def test_one_line_and_nothing_written(place, run, arguments, expected):
    before = {path: path.stat().st_mtime_ns for path in place.rglob("*")}
    code, out, err = run(*arguments)
    assert (code, out) == (2, ""), err
    assert err.startswith("error: ") and err.count("\n") == 1 and expected in err
    assert {path: path.stat().st_mtime_ns for path in place.rglob("*")} == before


def test_a_failing_job_leaves_no_folder(place, run, monkeypatch):
    def failing(*_arguments):
        raise ValueError("the disk is full")

    monkeypatch.setattr("latentwalk.jobs.sheets.samples_sheet", failing)
    assert run(*SAMPLE) == (2, "", "error: the disk is full\n")
    assert not (place / "new").exists()
