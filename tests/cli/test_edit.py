"""`latentwalk edit`, and the pictures it leaves: info reads them, replay makes them again."""

import json
import re

import numpy as np
import pytest
import torch
from PIL import Image, PngImagePlugin

from latentwalk.cli.console import Bar
from latentwalk.cli.edit import gather
from latentwalk.cli.edit_output import read_kinds
from latentwalk.cli.main import main
from latentwalk.cli.options import read_targets
from latentwalk.cli.summary import name_codes
from latentwalk.direction import Directions
from latentwalk.images import read_receipt
from latentwalk.jobs.edit import edit_batches
from latentwalk.latents import Latents
from latentwalk.receipts import Receipt
from latentwalk.walks.gradient import GradientWalk


@pytest.fixture(scope="module")
def glasses(tmp_path_factory):
    """The folder of one edit of the real generator with all that is written by default."""
    folder = tmp_path_factory.mktemp("edit") / "glasses"
    with pytest.raises(SystemExit) as ended:
        main(["edit", "faces64", "--seeds", "0-2", "--set", "eyeglasses", "--out", str(folder)])
    assert ended.value.code == 0
    return folder


def test_it_writes_pictures_codes_and_receipt(glasses):
    names = {path.name for path in glasses.iterdir()}
    pictures = {"before-after.png", "strip.png", "heat.png", "chart.png"}
    assert names == pictures | {"walk.gif", "receipt.json", "latents.safetensors"}
    receipt = Receipt.read(glasses / "receipt.json")
    assert [code.seed for code in receipt.codes] == [0, 1, 2]
    assert all(code.after["eyeglasses"] >= 0.995 for code in receipt.codes)
    assert receipt.recipe.scorer.source == "faces64" and receipt.recipe.judge.source == "faces64-judge"
    assert Latents.load(glasses / "latents.safetensors").values.flatten().tolist() == pytest.approx(
        [value for code in receipt.codes for value in code.end]
    )


def test_a_name_alone_asks_for_what_samples_have(run, tmp_path):
    """The scorer is never sure of black hair; whoever names a probability gets that one."""
    options = ("--seeds", "2-3", "--show", "none", "--set")
    for asked, target in (("black_hair", 0.92), ("black_hair=0.6", 0.6)):
        code, out, _ = run("edit", "faces64", *options, asked, "--out", tmp_path / asked)
        receipt = Receipt.read(tmp_path / asked / "receipt.json")
        assert code == 0 and receipt.recipe.goals == {"black_hair": target}
        assert ("black_hair to 0.92, which 1 sample in 100 reaches" in out) == (target == 0.92)
        assert all(row.after["black_hair"] >= target - 1e-3 for row in receipt.codes)
        assert "along" in out, "the summary says how they walked"


@pytest.mark.parametrize("name", ["before-after", "strip", "heat", "chart"])
def test_replay_makes_the_same_picture_bit_for_bit(glasses, run, name):
    assert run("replay", glasses / f"{name}.png") == (0, "bit for bit the same\n", "")


def test_replay_writes_the_picture_and_tells_machines(glasses, run, tmp_path):
    again = tmp_path / "again.png"
    code, out, _ = run("replay", glasses / "heat.png", "--out", again, "--json")
    told = json.loads(out)
    assert code == 0 and told["difference"] == 0 and told["same"] and told["files"] == [str(again)]
    assert again.read_bytes() == (glasses / "heat.png").read_bytes()


@pytest.mark.parametrize(("levels", "code", "words"), [(1, 0, "but for rounding"), (9, 1, "(9 of 255 levels)")])
def test_replay_notices_another_picture(glasses, run, tmp_path, levels, code, words):
    with Image.open(glasses / "heat.png") as picture:
        pixels = np.array(picture.convert("RGB"))
    pixels[0, 0] -= levels  # paper
    info = PngImagePlugin.PngInfo()
    info.add_itxt("latentwalk", read_receipt(glasses / "heat.png"), zip=True)
    Image.fromarray(pixels).save(tmp_path / "other.png", pnginfo=info)
    ran = run("replay", tmp_path / "other.png")
    assert ran.code == code and words in ran.out


def test_info_reads_what_an_edit_leaves(glasses, run):
    for name in ("strip.png", "receipt.json"):
        code, out, _ = run("info", glasses / name)
        assert code == 0 and "job edit" in out and "seeds 0-2" in out and "eyeglasses 0.995" in out
    assert "3 of the shape [100]" in run("info", glasses / "latents.safetensors").out
    told = json.loads(run("info", glasses / "strip.png", "--json").out)
    assert told["receipt"]["recipe"]["job"] == "edit" and told["receipt"]["picture"]["kind"] == "strip"


def test_an_existing_output_is_kept_without_force(glasses, run):
    before = (glasses / "receipt.json").read_bytes()
    code, out, err = run("edit", "faces64", "--seeds", "3", "--set", "eyeglasses", "--out", glasses, "--show", "none")
    assert (code, out) == (2, "") and "--force" in err and err.count("\n") == 1
    assert (glasses / "receipt.json").read_bytes() == before


def test_it_says_what_else_moved(small, telling, run, tmp_path):
    arguments = ("edit", small, "--scorer", telling, "--seeds", "1-6", "--set", "bright=0.9", "--hold", "others")
    code, out, err = run(*arguments, "--show", "strip", "--out", tmp_path / "out", "--show-count", 2)
    assert code == 0 and not err
    assert re.search(r"bright >= 0.9 +0\.\d{3} +0\.\d{3} +6 of 6 +- ", out)
    assert re.search(r"red \(held\) +0\.\d{3} +0\.\d{3} +[+-]0\.\d{3}", out)
    assert [line for line in out.splitlines() if line.startswith("wrote")] == [
        f"wrote {tmp_path / 'out' / name}" for name in ("receipt.json", "latents.safetensors", "strip.png")
    ]
    assert len(Receipt.read(tmp_path / "out" / "strip.png").codes) == 2
    assert len(Receipt.read(tmp_path / "out" / "receipt.json").codes) == 6


def test_several_goals_up_and_down(small, telling, run, tmp_path):
    arguments = ("edit", small, "--scorer", telling, "--seeds", "0-3", "--set", "bright=0.9", "--set", "red=0.2")
    code, out, _ = run(*arguments, "--show", "none", "--out", tmp_path / "out")
    assert code == 0
    assert all(line in out for line in ("bright >= 0.9", "red <= 0.2", "all together"))


def test_json_is_one_object_and_nothing_else(small, telling, run, tmp_path):
    arguments = ("edit", small, "--scorer", telling, "--seeds", "4,5", "--set", "bright=0.9", "--judge", telling)
    code, out, err = run(*arguments, "--show", "none", "--out", tmp_path / "out", "--json")
    told = json.loads(out)
    assert code == 0 and not err
    assert told["codes"] == told["reached"] == told["confirmed"] == 2 and told["not_reached"] == []
    assert [goal["attribute"] for goal in told["goals"]] == ["bright"] and told["goals"][0]["reached"] == 2
    assert [row["attribute"] for row in told["others"]] == ["red"]
    assert told["files"] == [str(tmp_path / "out" / name) for name in ("receipt.json", "latents.safetensors")]


def test_codes_that_did_not_arrive_are_named_and_the_exit_code_is_1(small, telling, run, tmp_path):
    arguments = ("edit", small, "--scorer", telling, "--set", "bright=0.999999", "--max-steps", 1, "--show", "none")
    code, out, err = run(*arguments, "--seeds", "7,9", "--out", tmp_path / "out")
    assert code == 1 and not err and "not reached: seeds 7, 9" in out and "bright >= 0.999999 " in out
    code, out, _ = run(*arguments, "--seeds", "7,9", "--out", tmp_path / "more", "--json")
    assert code == 1 and [row["seed"] for row in json.loads(out)["not_reached"]] == [7, 9]


def test_codes_from_a_file(small, telling, run, tmp_path):
    run("sample", small, "--seeds", "0-2", "--out", tmp_path / "a.png", "--codes-out", tmp_path / "a.safetensors")
    values = Latents.load(tmp_path / "a.safetensors").values
    np.save(tmp_path / "a.npy", values.numpy())
    for name in ("a.safetensors", "a.npy"):
        arguments = ("--scorer", telling, "--set", "bright=0.9", "--codes", tmp_path / name, "--show", "before-after")
        code, _, _ = run("edit", small, *arguments, "--out", tmp_path / "out", "--force")
        assert code == 0 and len(Receipt.read(tmp_path / "out" / "receipt.json").codes) == 3
        assert run("replay", tmp_path / "out" / "before-after.png", "--scorer", telling).code == 0


def test_a_picture_never_has_python_imported(small, telling, run, tmp_path):
    run("edit", small, "--scorer", telling, "--set", "bright", "--show", "chart", "--out", tmp_path / "out")
    code, _, err = run("replay", tmp_path / "out" / "chart.png")
    assert code == 2 and "--scorer" in err


def test_along_directions(small, telling, run, tmp_path):
    found = tmp_path / "d.safetensors"
    assert run("discover", small, "--method", "svm", "--scorer", telling, "--samples", 600, "--out", found).code == 0
    arguments = ("edit", small, "--scorer", telling, "--set", "bright=0.9", "--along", found, "--seeds", "0-2")
    code, _, _ = run(*arguments, "--out", tmp_path / "out", "--show", "strip,mp4")
    assert code == 0 and (tmp_path / "out" / "walk.mp4").stat().st_size > 1000
    assert run("replay", tmp_path / "out" / "strip.png", "--scorer", telling).out == "bit for bit the same\n"
    code, _, err = run(*arguments, "--out", tmp_path / "more", "--max-steps", 3)
    assert code == 2 and "--max-steps" in err


@pytest.fixture
def found(small, telling, run, tmp_path):
    path = tmp_path / "d.safetensors"
    assert run("discover", small, "--method", "svm", "--scorer", telling, "--samples", 600, "--out", path).code == 0
    return path


def test_fixed_strengths_along_directions(small, telling, found, run, tmp_path):
    arguments = ("edit", small, "--scorer", telling, "--seeds", "0-2", "--show", "before-after,strip,chart")
    moved = ("--direction", f"{found}:bright", "--direction", f"{found}:red", "--strength", 2, "--strength=-1")
    code, out, err = run(*arguments, *moved, "--out", tmp_path / "out")
    assert code == 0 and not err and "3 of 3 codes moved by bright +2, red -1" in out
    for picture in ("before-after", "strip", "chart"):
        assert run("replay", tmp_path / "out" / f"{picture}.png", "--scorer", telling).out == "bit for bit the same\n"
    told = json.loads((tmp_path / "out" / "receipt.json").read_text())
    assert told["recipe"]["walk"]["settings"]["strengths"] == [2, -1]
    alone = ("--direction", f"{found}:bright", "--without", f"{found}:red", "--place")
    code, out, _ = run(*arguments, *alone, "--out", tmp_path / "alone")
    assert code == 0 and "bright to 2" in out
    walk = json.loads((tmp_path / "alone" / "receipt.json").read_text())["recipe"]["walk"]
    red = Directions.load(found)["red"].vector
    assert abs(float(torch.tensor(walk["directions"][0]["vector"]) @ red)) < 1e-6


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "expected what to change: --set NAME, or --direction FILE:NAME"),
        (("--set", "bright", "--direction", "d:bright"), "(not both)"),
        (("--set", "bright", "--strength", 2), "--strength goes with --direction"),
        (("--direction", "{found}:bight"), "no direction 'bight': there are 0 (bright), 1 (red)"),
        (("--direction", "{found}"), "holds 2 directions: expected"),
        (("--direction", "none.npy:a"), "no file none.npy"),
        (
            ("--direction", "{found}:red", "--strength", 1, "--strength", 2),
            "one --strength for all, or one for each of 1",
        ),
        (("--direction", "{found}:red", "--layers", "8-4"), "--layers 8-4: expected layers such as 4-8"),
        (("--direction", "{found}:red", "--layers", "0-1"), "cannot be mapped|has the spaces z"),
        (("--direction", "{found}:red", "--without", "{found}:red"), "nothing of 'red' is left"),
    ],
)
def test_directions_that_cannot_be_followed(small, telling, found, run, tmp_path, options, message):
    given = [str(option).replace("{found}", str(found)) for option in options]
    code, _, err = run("edit", small, "--scorer", telling, *given, "--out", tmp_path / "out")
    assert code == 2 and any(part in err for part in message.split("|")), err
    assert not (tmp_path / "out").exists()


def test_many_codes_keep_the_frames_of_those_that_are_shown(toy, linear):
    start = toy.sample(range(9))
    batches = edit_batches(toy, start, linear, {"one": 0.9}, walk=GradientWalk(batch=1), frames=True)
    seen = []

    class Noting(Bar):
        def __init__(self):
            pass

        def __call__(self, what, done, total):
            seen.append((done, total))

    edited = gather(batches, 3, len(start), Noting())
    assert len(edited) == len(edited.receipt.codes) == 9 and len(edited.walk.paths) == 4
    assert edited.start.seeds.tolist() == list(range(9))
    assert seen[-1] == (9, 9)


@pytest.fixture
def linear():
    from toys import ToyScorer

    return ToyScorer()


def test_targets():
    assert read_targets(["hat", "smiling=0.1"]) == {"hat": None, "smiling": 0.1}
    for wrong in (["=0.3"], ["hat", "hat=0.2"], ["hat=much"], ["hat="]):
        with pytest.raises(ValueError, match="--set"):
            read_targets(wrong)


def test_kinds():
    assert read_kinds("strip, gif") == {"strip.png": "strip", "walk.gif": "gif"}
    assert read_kinds("none") == {}
    with pytest.raises(ValueError, match="there are picture, before-after"):
        read_kinds("strip,film")


def test_names_of_codes():
    assert name_codes([{"seed": 3, "index": 0}]) == "seed 3"
    assert name_codes([{"seed": None, "index": i} for i in (1, 4)]) == "codes 1, 4"
    assert name_codes([{"seed": i, "index": i} for i in range(30)]).endswith("19 and 10 more (see the receipt)")
