"""Every family and every format through the commands that a person has: inspect, sample, edit, interpolate, convert."""

import json
import re
import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from latentwalk.checkpoints import own
from latentwalk.generator import Generator
from latentwalk.generators.stylegan2 import StyleGAN2
from latentwalk.jobs.load import load
from latentwalk.options import RenderOptions
from random_networks import FAMILIES, NETWORKS, random_stylegan2

FOREIGN = {
    "ajbrock_biggan/hier32": "BigGAN-PyTorch",
    "dcgan_family/seed64/generator.pth": "a DCGAN or WGAN-GP state dict",
    "dcgan_family/tutorial64/netG_old_bn.pth": "a DCGAN or WGAN-GP state dict",
    "dcgan_family/wgangp_bn32/generator.pkl": "a DCGAN or WGAN-GP state dict",
    "genforce/pggan32/pggan_zoo.pth": "genforce",
    "genforce/stylegan2_32/stylegan2_zoo.pth": "genforce",
    "genforce/stylegan32/stylegan_zoo.pth": "genforce",
    "huggingface_biggan_deep/deep32": "Hugging Face BigGAN-deep",
    "nvidia_stylegan2ada/uncond32/gema_nosrc.pkl": "NVIDIA StyleGAN2-ADA and StyleGAN3",
    "nvidia_stylegan3/t32/gema_nosrc.pkl": "NVIDIA StyleGAN2-ADA and StyleGAN3",
    "pytorch_gan_zoo/dcgan32/model.pth": "pytorch_GAN_zoo",
    "pytorch_gan_zoo/pgan32/model.pth": "pytorch_GAN_zoo",
    "rosinality_stylegan2/g32/converted.pt": "rosinality StyleGAN2",
}


@pytest.fixture(scope="session")
def networks(tmp_path_factory) -> dict[str, Path]:
    """Small files of every family."""
    folder = tmp_path_factory.mktemp("networks")
    for name, build in NETWORKS.items():
        own.write(build(), folder / f"{name}.safetensors")
    return {name: folder / f"{name}.safetensors" for name in NETWORKS}


def all_commands(run, path: Path, scorer: str, folder: Path, pictures: str) -> dict:
    """What inspect tells of a checkpoint, once every command has worked on it.

    Every picture that was made from the file is made again, bit for bit, from what it was converted to.
    """
    samples, way = folder / "samples.png", folder / "path.png"
    code, out, err = run("inspect", path, "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    chosen = {"truncation": ("--truncation", 0.7), "cutoff": ("--cutoff", 2), "noise": ("--noise", 3)}
    options = [word for name in told["options"] for word in chosen[name]]
    options += ["--class", f"0-{told['classes'] - 1}"] if told["classes"] else []
    run_well(run, "sample", path, "--seeds", "0-3", *options, "--out", samples)
    run_well(run, "interpolate", path, "--seeds", "0-2", "--steps", 3, *options, "--out", way)
    shown = ("--show", pictures, "--show-count", 1, "--max-steps", 1)
    edit = ("edit", path, "--seeds", "0-1", *options, "--scorer", scorer, "--set", "red=0.6", *shown)
    code, out, err = run(*edit, "--out", folder / "edit")
    assert code in (0, 1) and not err and "red >= 0.6" in out
    converted = folder / "new.safetensors"
    run_well(run, "convert", path, converted)
    for picture in (samples, way, *sorted((folder / "edit").glob("*.png"))):
        again = run("replay", picture, "--generator", converted, "--scorer", scorer)
        assert again == (0, "bit for bit the same\n", ""), picture
    again = json.loads(run("inspect", converted, "--json").out)
    same = ("family", "fingerprint", "spaces", "layers", "image_shape", "classes", "options", "parameters")
    assert {name: again[name] for name in same} == {name: told[name] for name in same}
    return told


def run_well(run, *arguments: object) -> None:
    code, _, err = run(*arguments)
    assert (code, err) == (0, ""), arguments


@pytest.mark.parametrize("name", sorted(NETWORKS.keys() & set(FAMILIES)))
def test_every_family(networks, run, telling, tmp_path, name):
    kinds = "before-after,strip,heat,chart,gif" if name in ("dcgan-odd", "stylegan2-resnet") else "strip"
    told = all_commands(run, networks[name], telling, tmp_path, kinds)
    assert told["format"] == "latentwalk" and told["ignored"] == told["missing"] == []
    assert told["average_estimated"] == (name in ("stylegan-per-layer", "stylegan2-bilinear"))


@pytest.mark.parametrize(("name", "format"), FOREIGN.items())
def test_every_foreign_format(shared, run, telling, tmp_path, name, format):
    assert all_commands(run, shared / "fixtures" / name, telling, tmp_path, "strip")["format"] == format


def test_inspect_tells_a_person(networks, run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    code, out, err = run("inspect", networks["stylegan2-resnet"])
    assert (code, err) == (0, "")
    for line in (
        r"generator .*stylegan2-resnet.safetensors",
        r"  format +latentwalk",
        r"  family +StyleGAN2",
        r"  images +16 x 16, colour",
        r"  classes +3",
        r"  options +cutoff, noise, truncation",
        r"w\+ +6 x 6",
        r"synthesis.b16.torgb +3 x 16 x 16",
        r"  sha256 [0-9a-f]{64}",
    ):
        assert re.search(f"^{line} *$", out, re.MULTILINE), line
    assert max(map(len, out.splitlines()[1:])) <= 80
    assert run("info", networks["stylegan2-resnet"]).out == out


def test_inspect_tells_what_was_left_out_and_put_in(run, tmp_path):
    bare = {"main.0.weight": torch.ones(5, 4, 4, 4), "main.3.weight": torch.ones(4, 3, 4, 4)}
    norm = {f"main.1.{name}": torch.ones(4) for name in ("weight", "bias", "running_mean", "running_var")}
    torch.save(bare | norm | {"main.1.num_batches_tracked": torch.tensor(3)}, tmp_path / "a.pt")
    out = run("inspect", tmp_path / "a.pt").out
    assert "not used, without a part in the picture: 1 tensor\n  main.1.num_batches_tracked\n" in out
    torch.save(rosinality(random_stylegan2()), tmp_path / "b.pt")
    out = run("inspect", tmp_path / "b.pt").out
    assert "average      estimated, the file has none" in out
    assert "with usual values in their place: 10 tensors\n" in out
    assert "  and 4 more, which --json names\n" in out


def rosinality(network: StyleGAN2) -> dict[str, dict[str, torch.Tensor]]:
    """A StyleGAN2 as rosinality saves it, without filters, noise maps and average."""
    state, found = network.state_dict(), {"input.input": network.state_dict()["synthesis.const"][None]}
    for i in range(2):
        found |= {f"style.{i + 1}.{leaf}": state[f"mapping.layers.{i}.{leaf}"] for leaf in ("weight", "bias")}
    layers = {"b4.conv1": "conv1", "b4.torgb": "to_rgb1", "b8.torgb": "to_rgbs.0", "b16.torgb": "to_rgbs.1"}
    layers |= {"b8.conv0": "convs.0", "b8.conv1": "convs.1", "b16.conv0": "convs.2", "b16.conv1": "convs.3"}
    for ours, theirs in layers.items():
        found[f"{theirs}.conv.weight"] = state[f"synthesis.{ours}.weight"][None]
        for leaf in ("weight", "bias"):
            found[f"{theirs}.conv.modulation.{leaf}"] = state[f"synthesis.{ours}.affine.{leaf}"]
        if "torgb" in ours:
            found[f"{theirs}.bias"] = state[f"synthesis.{ours}.bias"][None, :, None, None]
        else:
            found[f"{theirs}.noise.weight"] = state[f"synthesis.{ours}.noise_strength"].reshape(1)
            found[f"{theirs}.activate.bias"] = state[f"synthesis.{ours}.bias"]
    return {"g_ema": found}


def test_a_contact_sheet_shows_all_classes(networks, run, tmp_path):
    run_well(run, "inspect", networks["biggan-deep"], "--sheet", tmp_path / "sheet.png")
    receipt = json.loads(run("info", tmp_path / "sheet.png", "--json").out)["receipt"]
    assert receipt["recipe"]["codes"]["labels"] == [i % 4 for i in range(16)]
    assert run("replay", tmp_path / "sheet.png").out == "bit for bit the same\n"
    assert run("inspect", networks["biggan-deep"], "--sheet", tmp_path / "sheet.png").code == 2  # it exists
    run_well(run, "inspect", networks["biggan-deep"], "--sheet", tmp_path / "sheet.png", "--force")


def test_convert_says_what_it_was(small, run, tmp_path):
    out = tmp_path / "new" / "a.safetensors"
    code, said, err = run("convert", small, out)
    assert (code, err) == (0, "") and f"wrote {out}" in said and load(small).fingerprint in said
    assert run("convert", small, out).code == 2
    code, said, _ = run("convert", small, out, "--force", "--json")
    assert code == 0 and json.loads(said)["family"] == "DCGAN"
    run_well(run, "convert", out, out, "--force")  # onto itself
    assert load(out).fingerprint == load(small).fingerprint


def test_options_change_the_picture(networks, run, tmp_path):
    pictures = set()
    options = [(), ("--truncation", 0.5), ("--truncation", 0.5, "--cutoff", 2), ("--noise", "none"), ("--noise", 5)]
    for i, given in enumerate(options):
        run_well(run, "sample", networks["stylegan2"], "--seeds", "0-1", *given, "--out", tmp_path / f"{i}.png")
        with Image.open(tmp_path / f"{i}.png") as picture:
            pictures.add(picture.convert("RGB").tobytes())
    assert len(pictures) == len(options)


@pytest.fixture
def place(tmp_path, small, networks, monkeypatch):
    """A folder with what people give for checkpoints, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    data, tensors = networks["stylegan2"].read_bytes(), load_file(small)
    Path("truncated.pkl").write_bytes(data[: len(data) // 2])
    Path("corrupt.pt").write_bytes(b"PK\x03\x04" + bytes(500))
    torch.save(torch.nn.Linear(2, 2), "object.pt")
    torch.save({"netD": {"main.0.weight": torch.ones(2)}}, "discriminator.pt")
    torch.save({"optimizer": {"state": {}}, "epoch": 3}, "training.pt")
    torch.save({**tensors, "main.2.weight": tensors["main.2.weight"] / 0}, "infinite.pt")
    Image.new("RGB", (4, 4)).save("image.pt", "png")
    Path("empty").mkdir()
    save_file(tensors, "newer.safetensors", {"kind": own.KIND, "version": "2"})
    save_file(tensors, "codes.safetensors", {"kind": "latentwalk.latents"})
    for name in ("stylegan2", "stylegan3-t", "biggan"):
        shutil.copy(networks[name], f"{name}.safetensors")
    shutil.copy(small, "small.safetensors")
    return tmp_path


FILES = {
    "truncated.pkl": "truncated",
    "corrupt.pt": "damaged",
    "object.pt": "an object of the class torch.nn.modules.linear.Linear",
    "discriminator.pt": "a discriminator and no generator",
    "training.pt": "the state of a training and no generator",
    "infinite.pt": "NaN or infinite",
    "image.pt": "a PNG image",
    "empty": "a folder without weights",
    "newer.safetensors": "update latentwalk",
    "codes.safetensors": "no generator but latentwalk.latents",
    "nowhere.pkl": "no generator 'nowhere.pkl'",
}
WISHES = {
    "truncation of a DCGAN is welcome, noise is not": (("small", "--noise", "none"), "noise means nothing for a DCGAN"),
    "cutoff of a BigGAN": (("biggan", "--class", 1, "--cutoff", 1), "cutoff means nothing for a BigGAN"),
    "noise of a StyleGAN3": (("stylegan3-t", "--noise", "3"), "noise means nothing for a StyleGAN3"),
    "noise in other words": (("stylegan2", "--noise", "loud"), "noise is 'const', 'none' or a seed"),
    "truncation that is no number": (("stylegan2", "--truncation", "nan"), "truncation is a finite number"),
    "a class of the classless": (("stylegan2", "--class", 1), "has no classes, got --class 1: leave it out"),
    "no class": (("biggan",), "has 4 classes: choose with --class 0, or 0-3 in turn"),
    "a class beyond": (("biggan", "--class", 4), "class numbers go from 0 to 3"),
    "a class in words": (("biggan", "--class", "cat"), "no class 'cat': there are 4 classes, from 0 to 3"),
}


def refused(run, place: Path, expected: str, *arguments: object) -> None:
    before = {path: path.stat().st_mtime_ns for path in place.rglob("*")}
    code, out, err = run(*arguments)
    assert (code, out) == (2, ""), err
    assert err.startswith("error: ") and err.count("\n") == 1 and expected in err
    assert {path: path.stat().st_mtime_ns for path in place.rglob("*")} == before


@pytest.mark.parametrize(("name", "expected"), FILES.items())
def test_what_is_no_generator(place, run, name, expected):
    for arguments in (("inspect",), ("inspect", "--sheet", "new/a.png"), ("sample", "--out", "new/a.png")):
        refused(run, place, expected, *arguments, name)
    refused(run, place, expected, "convert", name, "new/a.safetensors")


@pytest.mark.parametrize(("given", "expected"), WISHES.values(), ids=WISHES.keys())
def test_options_that_a_family_has_not(place, run, given, expected):
    name, *options = given
    path = f"{name}.safetensors"
    refused(run, place, expected, "sample", path, *options, "--out", "new/a.png")
    refused(run, place, expected, "interpolate", path, *options, "--out", "new/a.gif")
    refused(run, place, expected, "edit", path, *options, "--scorer", "faces64", "--set", "hat", "--out", "new")


def test_hostile_files_are_refused_by_every_command(shared, run, tmp_path):
    files = sorted((shared / "fixtures" / "hostile").glob("h*"))
    for file in files:
        assert run("inspect", file, "--sheet", tmp_path / "a.png").code == 2
        assert run("convert", file, tmp_path / "a.safetensors").code == 2
    assert len(files) == 11 and not list(tmp_path.iterdir())


def test_the_same_options_for_a_machine(networks) -> None:
    """What --truncation and the others do is what `Generator.with_options` does."""
    network: Generator = load(networks["stylegan2"])
    codes = network.sample(range(3))
    chosen = network.with_options(truncation=0.5, cutoff=2, noise="none")
    assert torch.equal(
        chosen.render(codes), network.render(codes, RenderOptions(truncation=0.5, cutoff=2, noise="none"))
    )
