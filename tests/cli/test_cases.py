"""Files as people hold them, on the command line: what `inspect` says of them, and what `sample` draws."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

DCGAN, NVIDIA = "a DCGAN or WGAN-GP state dict", "NVIDIA StyleGAN2-ADA and StyleGAN3"
TENSORS = "NVIDIA StyleGAN2 and StyleGAN3 as a state dict"

CASES = {
    "channels/dcgan_4.pth": (DCGAN, ""),
    "channels/nvidia_4.pkl": (NVIDIA, "G_ema"),
    "dcgan-normalised-weights/spectral_norm.pth": (DCGAN, ""),
    "dcgan-normalised-weights/weight_norm_parametrized.pth": (DCGAN, ""),
    "dcgan-spellings/bare_sequential.pth": (DCGAN, ""),
    "dcgan-spellings/gen_blocks_kernel4.pth": (DCGAN, "gen"),
    "dcgan-spellings/hf_folder": (DCGAN, ""),
    "dcgan-spellings/net_blocks.pth": (DCGAN, ""),
    "dcgan-spellings/tconv_bn.pth": (DCGAN, ""),
    "envelopes-dcgan/averaged_model.pt": (DCGAN, ""),
    "envelopes-dcgan/compiled.pt": (DCGAN, ""),
    "envelopes-dcgan/lightning.ckpt": (DCGAN, "state_dict.generator"),
    "envelopes-dcgan/snapshot_netG_netD.pth": (DCGAN, "netG"),
    "envelopes-dcgan/state_dict_and_optimizer.pth.tar": (DCGAN, "state_dict"),
    "envelopes-stylegan2/G_ema_key.pt": ("rosinality StyleGAN2", "G_ema"),
    "envelopes-stylegan2/compiled.pt": ("rosinality StyleGAN2", "g_ema"),
    "envelopes-stylegan2/lightning.ckpt": ("rosinality StyleGAN2", "state_dict.G_ema"),
    "interfacegan-models/pggan.pth": ("InterFaceGAN", ""),
    "interfacegan-models/stylegan.pth": ("InterFaceGAN", ""),
    "interfacegan-models/stylegan2_fc.pth": ("InterFaceGAN", ""),
    "lucidrains-stylegan2/model_12.pt": ("lucidrains StyleGAN2", "GAN"),
    "non-square/nvidia_fork.pkl": (NVIDIA, "G_ema"),
    "non-square/rosinality.pt": ("rosinality StyleGAN2", "g_ema"),
    "nvidia-state-dict/sg2ada.pt": (TENSORS, ""),
    "nvidia-state-dict/sg2ada_dict.pt": (TENSORS, "G_ema"),
    "nvidia-state-dict/sg3t.pt": (TENSORS, ""),
    "pytorch-gan/dcgan.pth": ("PyTorch-GAN DCGAN", ""),
    "pytorch-gan/gan.pth": ("an MLP state dict", ""),
    "studiogan-dcgan/model=G-current-weights-step=1000.pth": ("StudioGAN DCGAN", "state_dict"),
    "stylegan1-rosinality/010000.model": ("rosinality StyleGAN", ""),
    "whole-modules/leaky.pth": ("a whole DCGAN or MLP (torch.nn)", ""),
    "whole-modules/module.pth": ("a whole DCGAN or MLP (torch.nn)", ""),
    "whole-modules/sequential.pth": ("a whole DCGAN or MLP (torch.nn)", ""),
}
"""By their place in the folder: the format that `inspect` names, and the part of the file that it took."""

SCREEN = 60
"""Lines."""


@pytest.mark.parametrize("case", CASES)
def test_a_person_sees_what_it_is_and_what_it_draws(case: str, run, shared: Path, tmp_path: Path, monkeypatch) -> None:
    file = shared / "cases" / case
    if not file.exists():
        pytest.skip(f"no {case} in ../shared/cases: what the command line makes of it is not compared")
    stem = file.name if file.is_dir() or file.suffix == ".tar" else file.stem
    with np.load(file.parent / f"{stem.removesuffix('.tar')}.ref.npz") as known:
        codes, images, classes = known["z"], known["images"], known.get("classes")
    monkeypatch.chdir(tmp_path)
    np.save("codes.npy", codes)

    code, out, err = run("inspect", file)
    format, part = CASES[case]
    said = {line.split()[0]: line for line in out.splitlines()[:15] if line.startswith("  ")}
    assert (code, err) == (0, "") and out.count("\n") < SCREEN
    assert said["format"].endswith(f"  {format}")
    assert said.get("part", "").endswith(part) and bool(part) == ("part" in said)

    options = [] if classes is None else ["--class", ",".join(str(int(each)) for each in classes.argmax(1))]
    sheet = ("--bare", "--scale", "1", "--columns", len(codes), "--out", "drawn.png")
    code, out, err = run("sample", file, "--codes", "codes.npy", "--space", "z", *options, *sheet)
    assert (code, err) == (0, "")
    drawn, wanted = np.asarray(Image.open("drawn.png"), np.float64), in_a_row(images)
    assert drawn.shape == wanted.shape and np.abs(drawn - wanted).max() < (1.5 if images.shape[1] == 4 else 0.6)


def in_a_row(images: np.ndarray) -> np.ndarray:
    """Images [n, c, h, w] in [-1, 1] as a picture [h, n w, 3] of 0 to 255, transparent ones over white."""
    colors = np.concatenate(list(images.transpose(0, 2, 3, 1)), 1).clip(-1, 1) * 127.5 + 127.5
    if images.shape[1] == 4:
        alpha = colors[..., 3:] / 255
        return alpha * colors[..., :3] + (1 - alpha) * 255
    return np.broadcast_to(colors, (*colors.shape[:2], 3))
