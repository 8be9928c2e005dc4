"""What every inverter does, whoever wrote it: each picture by itself, and what is masked has no part in it."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from encoders import planted_encoder, untrained_encoder
from latentwalk.image_encoder import beside
from latentwalk.inversion import INVERTERS
from latentwalk.inversion.ridge import Ridge
from latentwalk.inverter import Inversion, Inverter, mean_square
from latentwalk.latents import Latents
from latentwalk.numerics.linear import FEWEST
from random_networks import EVERY

OPTIONS: dict[str, dict[str, Any]] = {
    "ridge": {"pairs": 300},
    "encoder": {"ridge": Ridge(pairs=300), "pairs": 64},
    "optimize": {"ridge": Ridge(pairs=300), "probes": 100},
    "image2stylegan": {"rate": 0.1, "steps": 300},
}
"""Settings that make it quick."""

QUICK: dict[str, dict[str, Any]] = {
    "ridge": {"pairs": FEWEST},
    "encoder": {"ridge": Ridge(pairs=FEWEST), "pairs": FEWEST, "by_codes": 1, "rounds": 1},
    "optimize": {"ridge": Ridge(pairs=FEWEST), "probes": 4, "budget": 3},
    "image2stylegan": {"steps": 2},
}
"""Settings that only show that it runs."""

COUNT = 5


def make(name: str, **settings: Any) -> Inverter:
    return INVERTERS[name](**{"enough": 1e-8, **OPTIONS.get(name, {}), **settings})


@pytest.fixture(scope="module", autouse=True)
def _encoder(tmp_path_factory, toy) -> Iterator[None]:
    """One that was trained along with the toy, as good as can be: whatever needs it finds it beside the generator."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(toy, "source", str(tmp_path_factory.mktemp("toy") / "toy.safetensors"))
        planted_encoder(toy).save(beside(toy.source))
        yield


@pytest.fixture(scope="module", params=list(INVERTERS))
def name(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def inverter(name: str) -> Inverter:
    return make(name)


@pytest.fixture(scope="module")
def codes(toy) -> Latents:
    return toy.sample(range(COUNT))


@pytest.fixture(scope="module")
def pictures(toy, codes) -> torch.Tensor:
    return toy.render(codes)


@pytest.fixture(scope="module")
def half(toy) -> torch.Tensor:
    """The left part of a picture is known."""
    mask = torch.zeros(toy.image_shape[1:])
    mask[:, :6] = 1
    return mask


@pytest.fixture(scope="module")
def found(inverter, toy, pictures) -> Inversion:
    return inverter.invert(toy, pictures)


def test_it_is_an_inverter_with_one_row_per_picture(inverter, toy, pictures, found) -> None:
    assert isinstance(inverter, Inverter)
    assert found.latents.space == "z" and found.latents.values.shape == (COUNT, 16)
    assert found.images.shape == pictures.shape and torch.equal(found.targets, pictures) and found.mask is None
    assert found.reached.shape == found.evaluations.shape == found.mse.shape == found.norms.shape == (COUNT,)
    assert found.losses.shape[1] == COUNT and found.seconds > 0


def test_it_tells_the_truth_about_its_pictures(toy, pictures, found) -> None:
    assert torch.allclose(found.images, toy.render(found.latents), atol=1e-6)
    assert torch.allclose(found.mse, mean_square(toy.render(found.latents) - pictures), atol=1e-7)
    last = torch.stack([column[~column.isnan()][-1] for column in found.losses.T])
    assert torch.allclose(last, found.mse, atol=1e-6)
    assert (found.evaluations >= (~found.losses.isnan()).sum(0)).all()


def test_it_finds_planted_codes(codes, found) -> None:
    """The toy is linear, and five coordinates of three hundred pairs leave nothing open."""
    assert found.reached.all()
    assert torch.allclose(found.latents.values, codes.values, atol=0.05)


def test_what_is_found_does_not_depend_on_the_rest_of_the_batch(inverter, toy, pictures, found) -> None:
    for i in range(COUNT):
        alone = inverter.invert(toy, pictures[i : i + 1])
        assert torch.allclose(alone.latents.values[0], found.latents.values[i], atol=1e-4)
        assert alone.evaluations[0] == found.evaluations[i]


def test_the_same_again_gives_the_same(inverter, toy, pictures, found) -> None:
    assert torch.equal(inverter.invert(toy, pictures).latents.values, found.latents.values)


def test_unknown_pixels_have_no_influence(inverter, toy, pictures, half) -> None:
    noise = torch.randn(pictures.shape, generator=torch.Generator().manual_seed(0))
    garbage = torch.where(half > 0, pictures, noise)
    clean, dirty = inverter.invert(toy, pictures, mask=half), inverter.invert(toy, garbage, mask=half)
    assert torch.equal(clean.latents.values, dirty.latents.values)
    assert torch.allclose(clean.mse, dirty.mse) and torch.equal(dirty.targets, garbage)


def test_a_mask_that_knows_everything_is_none(inverter, toy, pictures, found) -> None:
    everything = torch.ones(COUNT, 1, *toy.image_shape[1:], dtype=torch.bool)
    assert torch.allclose(
        inverter.invert(toy, pictures, mask=everything).latents.values, found.latents.values, atol=0.02
    )


def test_it_changes_neither_pictures_nor_generator(inverter, toy, pictures) -> None:
    before, fingerprint = pictures.clone(), toy.fingerprint
    found = inverter.invert(toy, pictures)
    assert torch.equal(pictures, before) and toy.fingerprint == fingerprint
    assert not found.latents.values.requires_grad and not found.images.requires_grad


@pytest.mark.parametrize(
    ("images", "mask", "message"),
    [
        (torch.zeros(1, 3, 8, 9), None, r"makes pictures \[3, 8, 8\], got \[3, 8, 9\]"),
        (torch.zeros(1, 1, 8, 8), None, r"got \[1, 8, 8\]"),
        (torch.zeros(3, 8, 8), None, r"expected pictures \[n, 3, 8, 8\].*got torch.float32 \[3, 8, 8\]"),
        (torch.zeros(1, 3, 8, 8, dtype=torch.uint8), None, "got torch.uint8"),
        (torch.zeros(0, 3, 8, 8), None, "at least one picture, got none"),
        (torch.full((1, 3, 8, 8), torch.nan), None, "NaN or infinite"),
        (torch.zeros(1, 3, 8, 8), torch.ones(8, 9), r"a mask of these pictures is \[8, 8\].*got \[8, 9\]"),
        (torch.zeros(2, 3, 8, 8), torch.ones(3, 1, 8, 8), r"or \[2, 1, 8, 8\], got \[3, 1, 8, 8\]"),
        (torch.zeros(1, 3, 8, 8), torch.zeros(8, 8), "leaves nothing"),
        (torch.zeros(1, 3, 8, 8), 2 * torch.ones(8, 8), "values from 0"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_bad_input_is_one_line(inverter, toy, images, mask, message) -> None:
    with pytest.raises(ValueError, match=message) as error:
        inverter.invert(toy, images, mask=mask)
    assert "\n" not in str(error.value)


def test_a_space_that_is_not_there_is_refused(name, toy, pictures) -> None:
    with pytest.raises(ValueError, match="has the spaces z, got 'w'"):
        make(name, space="w").invert(toy, pictures)


@pytest.mark.parametrize("kind", ["dcgan-odd", "vae", "stylegan2-resnet", "biggan", "biggan-deep"])
def test_families_in_all_their_spaces(name, kind, tmp_path) -> None:
    """Shapes, spaces and labels, on codes of any kind of generator."""
    generator = EVERY[kind]()
    generator.source = str(tmp_path / "my.safetensors")
    untrained_encoder(generator).save(beside(generator.source))
    start = generator.sample(range(2), [0, 0] if generator.classes else None)
    pictures = generator.render(start)
    for space in generator.spaces:
        found = make(name, space=space, **QUICK.get(name, {})).invert(generator, pictures, start=start)
        assert found.latents.space == space
        assert found.latents.values.shape == (2, *generator.spaces[space].shape)
        assert torch.isfinite(found.latents.values).all() and torch.isfinite(found.mse).all()
