"""The content of a file or a folder says what it is, and what is no generator is named in one line."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn

from latentwalk.checkpoints.folders import read_path
from latentwalk.checkpoints.formats import build_generator, open_generator
from latentwalk.safeload.reading import Foreign
from one_format import formats_of

FAMILIES = {
    "ajbrock_biggan/hier32": "BigGAN",
    "ajbrock_biggan/hier32/G.pth": "BigGAN",
    "ajbrock_biggan/hier32/G_ema.pth": "BigGAN",
    "dcgan_family/seed64/generator.pth": "DCGAN",
    "dcgan_family/tutorial64/netG.pth": "DCGAN",
    "dcgan_family/tutorial64/netG_old_bn.pth": "DCGAN",
    "dcgan_family/wgangp_bn32/generator.pkl": "DCGAN",
    "genforce/pggan32/pggan_zoo.pth": "PGGAN",
    "genforce/pggan32/pggan_zoo_legacy.pth": "PGGAN",
    "genforce/stylegan2_32/stylegan2_zoo.pth": "StyleGAN2",
    "genforce/stylegan32/stylegan_zoo.pth": "StyleGAN",
    "huggingface_biggan_deep/deep32": "BigGANDeep",
    "nvidia_stylegan2ada/uncond32/gema_nosrc.pkl": "StyleGAN2",
    "nvidia_stylegan2ada/uncond32/snapshot_nosrc_torch1.7.1_p3.pkl": "StyleGAN2",
    "nvidia_stylegan3/t32/gema_nosrc_p2.pkl": "StyleGAN3",
    "nvidia_stylegan3/t32/snapshot_nosrc.pkl": "StyleGAN3",
    "pytorch_gan_zoo/dcgan32/avgG_state.pth": "DCGAN",
    "pytorch_gan_zoo/dcgan32/model.pth": "DCGAN",
    "pytorch_gan_zoo/pgan32/model.pth": "PGGAN",
    "rosinality_stylegan2/g32/converted.pt": "StyleGAN2",
    "rosinality_stylegan2/g32/no_buffers.pt": "StyleGAN2",
}


GENERAL = {"a DCGAN or WGAN-GP state dict"}
"""Formats that go by shapes alone, and are asked last."""


def refused(path: Path) -> str:
    with pytest.raises(ValueError, match=r"expected|save the|use another|unpack|put ") as error:
        open_generator(path)
    message = str(error.value)
    assert message.isprintable() and message.startswith(str(path))
    return message


def write(content: object, path: Path) -> Path:
    torch.save(content, path)
    return path


@pytest.mark.parametrize(("name", "family"), FAMILIES.items())
def test_the_content_says_the_family_to_one_format_alone(shared: Path, tmp_path: Path, name: str, family: str) -> None:
    path = shared / "fixtures" / name
    if path.is_file():  # under a name that says nothing
        path = Path(shutil.copy(path, tmp_path / "network.bin"))
    tree = read_path(path)
    assert set(formats_of(tree)[1:]) <= GENERAL
    assert type(build_generator(tree, str(path))).__name__ == family


def test_formats_are_asked_about_anything(tmp_path: Path) -> None:
    odd = [None, 1, "a", [], [1], {}, {"a": 1}, {1: {2: 3}}, {"G_ema": None}, {"g_ema": 1}, {"state": None}, (1, 2, 3)]
    odd += [
        torch.ones(2),
        {"a": torch.ones(2)},
        {"": torch.ones(2)},
        Foreign("a.B"),
        {"a": Foreign("a.B")},
        {"avgG": []},
    ]
    odd += [{"generator_smooth": {"layer0.weight": 1}}, {"models": []}, {"config": 1}, {"class_name": 1, "state": 2}]
    for tree in odd:
        with pytest.raises(ValueError, match=r"^here "):
            build_generator(tree, "here")


def test_what_is_no_generator(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    network = nn.Sequential(nn.Linear(2, 2))
    optimizer = torch.optim.Adam(network.parameters())
    discriminator = {"main.conv.weight": torch.ones(2), "final_conv.0.weight": torch.ones(2)}
    cases = {
        "holds a discriminator and no generator": [{"netD": network.state_dict()}, {"D": None}, discriminator],
        "holds the state of a training": [{"optimizer": optimizer.state_dict(), "epoch": 3}, optimizer.state_dict()],
        "an object of the class torch.nn.modules.container.Sequential": [network, {"net": network}],
        "is not a generator of a known layout": [{"some.weight": torch.ones(2)}],
        "holds a list": [[torch.ones(2)]],
        "holds one tensor": [torch.ones(2)],
        "holds a dict of nothing": [{}],
    }
    for what, contents in cases.items():
        for content in contents:
            assert what in refused(write(content, path))


@pytest.mark.parametrize("kind", ["png", "jpeg", "gif", "bmp", "webp", "tiff"])
def test_images(tmp_path: Path, kind: str) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "a.pkl", kind)
    assert f"{kind.upper()} image".replace("WEBP", "WebP") in refused(tmp_path / "a.pkl")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
        (b"<!DOCTYPE html>", "a web page"),
        (b"\x1f\x8b\x08", "gzip archive"),
        (b'{"a": 1}', "a JSON text"),
        (b"\x93NUMPY", "a numpy array"),
        (bytes(100), "the download was cut"),
        (b"", "the file is empty"),
        (b"hello", "not a readable checkpoint"),
        (bytes(257) + b"ustar" + bytes(100), "tar archive"),
        (b"\x80\x07N.", "pickle protocol 7"),
    ],
)
def test_files_of_other_kinds(tmp_path: Path, content: bytes, what: str) -> None:
    (tmp_path / "a.pt").write_bytes(content)
    assert what in refused(tmp_path / "a.pt")


def test_folders(tmp_path: Path) -> None:
    assert "is a folder without weights" in refused(tmp_path)
    (tmp_path / "notes.txt").write_text("notes", encoding="utf-8")
    assert "is a folder without weights" in refused(tmp_path)
    weights = {"embeddings.weight": torch.ones(2)}
    write(weights, tmp_path / "pytorch_model.bin")
    assert read_path(tmp_path).keys() == weights.keys()
    (tmp_path / "config.json").write_text(json.dumps({"z_dim": 4}), encoding="utf-8")
    assert read_path(tmp_path)["config"] == {"z_dim": 4}
    assert read_path(tmp_path)["state"].keys() == weights.keys()
    for text in ("{", "[" * 100_000, " " * 2**21):
        (tmp_path / "config.json").write_text(text, encoding="utf-8")
        assert "config.json" in refused(tmp_path)
    (tmp_path / "config.json").unlink()
    save_file(weights, tmp_path / "other.safetensors")
    assert "a folder of 2 checkpoints (other.safetensors, pytorch_model.bin)" in refused(tmp_path)


def test_a_folder_whose_files_begin_with_the_name_of_the_model(tmp_path: Path) -> None:
    write({"embeddings.weight": torch.ones(2)}, tmp_path / "biggan-deep-128-pytorch_model.bin")
    (tmp_path / "biggan-deep-128-config.json").write_text('{"z_dim": 4}', encoding="utf-8")
    assert read_path(tmp_path)["config"] == {"z_dim": 4}


def test_a_configuration_is_found_beside_a_file_and_left_out_where_nobody_asks(tmp_path: Path) -> None:
    weights = {"main.0.weight": torch.ones(3, 2, 4, 4), "main.3.weight": torch.ones(2, 1, 4, 4)}
    model = write(weights, tmp_path / "pytorch_model.bin")
    assert read_path(model).keys() == weights.keys()
    alone = open_generator(model)
    (tmp_path / "config.json").write_text('{"z_dim": 4}', encoding="utf-8")
    assert read_path(model)["config"] == {"z_dim": 4}
    assert read_path(write(weights, tmp_path / "other.pt")).keys() == weights.keys()
    assert open_generator(model).fingerprint == open_generator(tmp_path).fingerprint == alone.fingerprint


def test_averaged_and_saved_again_weights_of_a_folder(tmp_path: Path) -> None:
    for name in ("G", "G_ema", "G_ema_copy0", "D"):
        write({name: torch.ones(1)}, tmp_path / f"{name}.pth")
    write({"itr": 1}, tmp_path / "state_dict_copy0.pth")
    assert read_path(tmp_path)["state"].keys() == {"G_ema_copy0"}
    write({"itr": 2}, tmp_path / "state_dict.pth")
    found = read_path(tmp_path)
    assert found["state"].keys() == {"G_ema"} and found["config"] == {"itr": 2}
