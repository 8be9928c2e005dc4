"""Noise maps: found after the code, apart from it, and a part of no other generator."""

import pytest
import torch

from latentwalk.delta import Delta, tensors_of, with_delta
from latentwalk.inversion.noise import NoiseMaps, noise_maps
from latentwalk.inverter import mean_square
from latentwalk.jobs.invert import invert
from random_networks import EVERY

QUICK = NoiseMaps(steps=40)


@pytest.fixture(scope="module", params=["stylegan", "stylegan2", "stylegan2-resnet"])
def planted(request):
    """A generator, a code, and its picture with other noise maps."""
    generator = EVERY[request.param]()
    codes = generator.map(generator.sample(1, [0] if generator.classes else None), "w+")
    return generator, codes, generator.with_options(noise=3).render(codes)


def test_a_picture_of_other_maps_is_reached_nearer_by_maps_alone(planted, tmp_path) -> None:
    generator, codes, target = planted
    weights = {name: tensor.clone() for name, tensor in generator.state_dict().items()}
    delta = QUICK.tune(generator, codes, target)
    fitted = with_delta(generator, delta)
    before, after = (mean_square(each.render(codes) - target) for each in (generator, fitted))
    assert float(after) < 0.3 * float(before)
    assert delta.pivots is not None and torch.equal(delta.pivots.values, codes.values)
    assert all(torch.equal(tensor, weights[name]) for name, tensor in generator.state_dict().items())
    changed = [name for name, tensor in tensors_of(fitted).items() if not torch.equal(tensor, weights[name])]
    assert set(changed) <= set(noise_maps(generator)) == set(delta.changes)
    assert not any(tensor.requires_grad for tensor in tensors_of(fitted).values())
    silent = [each.with_options(noise="none").render(codes) for each in (generator, fitted)]
    torch.testing.assert_close(*silent, rtol=1e-4, atol=1e-4, msg="without maps both are one network")
    delta.save(tmp_path / "d.safetensors")
    assert with_delta(generator, Delta.load(tmp_path / "d.safetensors")).fingerprint == fitted.fingerprint


def test_what_is_masked_has_no_part(planted) -> None:
    generator, codes, target = planted
    mask = torch.ones(1, 1, *generator.image_shape[1:])
    mask[..., :4] = 0
    garbage = torch.where(mask > 0, target, torch.rand_like(target))
    one, other = (NoiseMaps(steps=5).tune(generator, codes, each, mask) for each in (target, garbage))
    assert all(torch.equal(one.changes[name], other.changes[name]) for name in one.changes)


def test_the_main_figure_is_the_one_without_them(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("LATENTWALK_CACHE", str(tmp_path))
    generator = EVERY["stylegan2"]()
    photo = generator.with_options(noise=3).render(generator.sample(1)).clamp(-1, 1)
    plain, fitted = (invert(generator, photo, align="none", inverter="ridge", tune=tune) for tune in (False, QUICK))
    torch.testing.assert_close(plain.latents.values, fitted.latents.values, rtol=0, atol=1e-3)
    assert fitted.receipt.photos[0].psnr == plain.receipt.photos[0].psnr == pytest.approx(float(plain.psnr), abs=0.01)
    assert fitted.receipt.photos[0].tuned == pytest.approx(float(fitted.psnr), abs=0.01)
    assert float(fitted.psnr) > float(plain.psnr)


def test_where_there_are_none_they_cannot_be_fitted(tiny, planted) -> None:
    with pytest.raises(ValueError, match="this DCGAN has no noise maps"):
        QUICK.tune(tiny, tiny.sample(1), tiny.render(tiny.sample(1)))
    generator, codes, target = planted
    with pytest.raises(ValueError, match="got the noise 'none'"):
        QUICK.tune(generator.with_options(noise="none"), codes, target)
    with pytest.raises(ValueError, match="at least one step"):
        NoiseMaps(steps=0)
