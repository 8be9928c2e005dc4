"""Files as people hold them draw the pictures that come with them: by `load`, whatever lies around the network."""

from pathlib import Path

import numpy as np
import pytest
import torch

from latentwalk.jobs.load import load
from latentwalk.latents import Latents

CASES = {
    "channels/dcgan_4.pth": "a DCGAN or WGAN-GP state dict",
    "channels/nvidia_4.pkl": "NVIDIA StyleGAN2-ADA and StyleGAN3",
    "dcgan-normalised-weights/spectral_norm.pth": "a DCGAN or WGAN-GP state dict",
    "dcgan-normalised-weights/weight_norm_parametrized.pth": "a DCGAN or WGAN-GP state dict",
    "dcgan-spellings/bare_sequential.pth": "a DCGAN or WGAN-GP state dict",
    "dcgan-spellings/gen_blocks_kernel4.pth": "a DCGAN or WGAN-GP state dict",
    "dcgan-spellings/hf_folder": "a DCGAN or WGAN-GP state dict",
    "dcgan-spellings/net_blocks.pth": "a DCGAN or WGAN-GP state dict",
    "dcgan-spellings/tconv_bn.pth": "a DCGAN or WGAN-GP state dict",
    "envelopes-dcgan/averaged_model.pt": "a DCGAN or WGAN-GP state dict",
    "envelopes-dcgan/compiled.pt": "a DCGAN or WGAN-GP state dict",
    "envelopes-dcgan/lightning.ckpt": "a DCGAN or WGAN-GP state dict",
    "envelopes-dcgan/snapshot_netG_netD.pth": "a DCGAN or WGAN-GP state dict",
    "envelopes-dcgan/state_dict_and_optimizer.pth.tar": "a DCGAN or WGAN-GP state dict",
    "envelopes-stylegan2/G_ema_key.pt": "rosinality StyleGAN2",
    "envelopes-stylegan2/compiled.pt": "rosinality StyleGAN2",
    "envelopes-stylegan2/lightning.ckpt": "rosinality StyleGAN2",
    "non-square/nvidia_fork.pkl": "NVIDIA StyleGAN2-ADA and StyleGAN3",
    "non-square/rosinality.pt": "rosinality StyleGAN2",
    "pytorch-gan/dcgan.pth": "PyTorch-GAN DCGAN",
    "pytorch-gan/gan.pth": "an MLP state dict",
    "whole-modules/leaky.pth": "a whole DCGAN or MLP (torch.nn)",
    "whole-modules/module.pth": "a whole DCGAN or MLP (torch.nn)",
    "whole-modules/sequential.pth": "a whole DCGAN or MLP (torch.nn)",
}


@pytest.mark.parametrize(("name", "format"), CASES.items())
def test_the_pictures_are_those_of_the_reference(name: str, format: str, shared: Path) -> None:
    path = shared / "cases" / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    generator = load(path)
    stem = path.name if path.is_dir() or path.suffix == ".tar" else path.stem
    with np.load(path.parent / f"{stem.removesuffix('.tar')}.ref.npz") as arrays:
        known = {key: torch.from_numpy(arrays[key]) for key in arrays}
    images = generator.render(Latents(known["z"].float()))
    assert generator.reading.format == format
    assert images.shape == known["images"].shape and (images - known["images"]).abs().max() < 1e-4
