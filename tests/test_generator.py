"""Laws that every generator keeps: it is fixed, pure and differentiable, and says what it was given wrongly."""

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from latentwalk.generator import Generator
from latentwalk.hooks import read_layers
from latentwalk.latents import Latents
from latentwalk.options import RenderOptions
from latentwalk.receipts import describe_codes, read_codes
from latentwalk.seeds import check_seed
from latentwalk.weights import fingerprint
from random_networks import DEEP, EVERY, SIZES, codes, random_biggan, random_stylegan2, random_wrapped


def gradient(generator: Generator, latents: Latents) -> Tensor:
    """Of the weighted sum of all pixels with respect to the codes."""
    values = latents.values.clone().requires_grad_()
    images = generator.synthesize(latents.with_values(values))
    weights = torch.linspace(-1, 1, images[0].numel()).view_as(images[0])
    return torch.autograd.grad((images * weights).sum(), values)[0]


def test_a_code_depends_on_its_seed_alone(network: Generator) -> None:
    some = network.sample([7, 0, 3])
    again = network.sample([3, 11, 7])
    assert torch.equal(some.values[0], again.values[2])
    assert torch.equal(some.values[2], again.values[0])
    assert torch.equal(some.values[1], network.sample([0]).values[0])
    assert some.space == network.input_space.name
    assert some.seeds is not None and some.seeds.tolist() == [7, 0, 3]


def test_rendering_leaves_the_global_random_state_alone(generator: Generator) -> None:
    before = torch.random.get_rng_state()
    generator.render(codes(generator, [1]))
    if "noise" in generator.option_names:
        generator.render(codes(generator, [1]), RenderOptions(noise=3))
    assert torch.equal(before, torch.random.get_rng_state())


def test_codes_are_standard_normal(network: Generator) -> None:
    values = network.sample(range(2000)).values
    assert values.mean(0).abs().max() < 0.1
    assert (values.std(0) - 1).abs().max() < 0.1


def test_images_are_as_announced(generator: Generator) -> None:
    images = generator.render(codes(generator, range(5)))
    assert images.shape == (5, *generator.image_shape)
    assert images.dtype == generator.dtype == torch.float32
    assert bool(images.isfinite().all())
    assert (images - images.mean(0)).std() > 0.01  # every code has its own


def test_networks_that_end_in_a_tanh_stay_in_the_range(tiny: Generator, toy: Generator) -> None:
    for network in (tiny, toy, random_biggan(), random_biggan(DEEP), random_wrapped()):
        assert network.render(codes(network, range(5))).abs().max() <= 1


def test_synthesis_is_pure(generator: Generator) -> None:
    for space in generator.spaces:
        latents = codes(generator, range(4), space)
        values, weights = latents.values.clone(), fingerprint(generator.state_dict())
        first = generator.synthesize(latents)
        kept = first.clone()
        generator.synthesize(codes(generator, [9]))
        assert torch.equal(generator.synthesize(latents), kept) and torch.equal(first, kept)
        assert torch.equal(latents.values, values)
        assert fingerprint(generator.state_dict()) == weights


def test_codes_of_every_space_give_the_same_images(generator: Generator) -> None:
    latents = codes(generator, range(4))
    expected = generator.render(latents)
    for space, shape in ((name, space.shape) for name, space in generator.spaces.items()):
        mapped = generator.map(latents, space)
        assert mapped.space == space and mapped.values.shape == (4, *shape)
        assert mapped.seeds is latents.seeds and mapped.labels is latents.labels
        assert (generator.render(mapped) - expected).abs().max() < 1e-5


def test_codes_that_were_saved_draw_the_same_images(network: Generator, tmp_path: Path) -> None:
    for space in network.spaces:
        latents = codes(network, [5, 6], space)
        latents.save(tmp_path / "codes.safetensors")
        assert torch.equal(network.render(Latents.load(tmp_path / "codes.safetensors")), network.render(latents))


def test_images_do_not_depend_on_the_batch(generator: Generator) -> None:
    for space in generator.spaces:
        latents = codes(generator, range(4), space)
        together = generator.synthesize(latents)
        assert (generator.render(latents, batch=3) - together).abs().max() < 1e-5  # of three, and of one
        assert (generator.render(latents[[3, 1]]) - together[[3, 1]]).abs().max() < 1e-5
        assert generator.render(latents[:0]).shape == (0, *generator.image_shape)


@pytest.mark.parametrize("batch", [1, 3, 7, 100])
def test_batches_of_any_size_are_rendered(network: Generator, batch: int) -> None:
    latents = codes(network, range(7))
    assert (network.render(latents, batch=batch) - network.synthesize(latents)).abs().max() < 1e-5


def test_rendering_asks_for_no_gradient_and_takes_any_number(network: Generator) -> None:
    latents = codes(network, [1])
    images = network.render(latents.with_values(latents.values.clone().requires_grad_()))
    assert not images.requires_grad
    images.clone().requires_grad_().sum().backward()  # a picture can be the start of a gradient
    assert network.render(latents[:0]).shape == (0, *network.image_shape)
    with pytest.raises(ValueError, match="at least 1"):
        network.render(latents, batch=0)


def test_gradients_reach_every_code_in_every_space(generator: Generator) -> None:
    for space in generator.spaces:
        latents = codes(generator, range(6), space)
        slopes = gradient(generator, latents)
        assert torch.isfinite(slopes).all() and (slopes.flatten(1).norm(dim=1) > 0).all()
        alone = gradient(generator, latents[4])
        scale = slopes[4].abs().max()
        assert torch.allclose(slopes[4:5] / scale, alone / scale, atol=1e-4)  # by its own image alone


def test_gradients_are_right_in_every_space(generator: Generator) -> None:
    double = copy.deepcopy(generator).to(torch.float64)
    for space in double.spaces:
        latents = codes(double, [2, 3], space)
        values = latents.values.clone().requires_grad_()
        assert values.dtype == torch.float64

        def draw(values: Tensor, latents: Latents = latents) -> Tensor:
            return double.synthesize(latents.with_values(values))

        assert torch.autograd.gradcheck(draw, values, fast_mode=True)


def test_no_weight_asks_for_a_gradient(generator: Generator) -> None:
    generator.train()
    assert not any(parameter.requires_grad for parameter in generator.parameters())
    assert not generator.synthesize(codes(generator, [0])).requires_grad


def test_training_mode_does_not_exist(generator: Generator) -> None:
    latents = codes(generator, [0, 1])
    images = generator.render(latents)
    assert generator.train() is generator
    assert not any(module.training for module in generator.modules())
    assert torch.equal(generator.render(latents), images)


@pytest.mark.parametrize("method", ["check", "synthesize", "render"])
def test_foreign_codes_are_refused(network: Generator, method: str) -> None:
    size = network.input_space.size
    with pytest.raises(ValueError, match=r"has the spaces \['z'.*\], got codes of 'elsewhere'"):
        getattr(network, method)(Latents(torch.zeros(1, size), "elsewhere"))
    with pytest.raises(ValueError, match=rf"has the shape \[{size}\], got \[{size + 1}\]"):
        getattr(network, method)(Latents(torch.zeros(1, size + 1)))


@pytest.mark.parametrize("method", ["render", "synthesize"])
def test_options_without_a_meaning_are_refused(generator: Generator, method: str) -> None:
    latents = codes(generator, [0])
    for options in (RenderOptions(truncation=0.5), RenderOptions(cutoff=2), RenderOptions(noise="none")):
        (name,) = options.chosen
        if name in generator.option_names:
            assert bool(getattr(generator, method)(latents, options).isfinite().all())
        else:
            with pytest.raises(ValueError, match=f"{name} means nothing for a {type(generator).__name__}: leave it"):
                getattr(generator, method)(latents, options)


def test_mapping_to_the_same_space_changes_nothing(generator: Generator) -> None:
    for space in generator.spaces:
        latents = codes(generator, [4], space)
        assert torch.equal(generator.map(latents, space).values, latents.values)
    with pytest.raises(ValueError, match=r"got 'elsewhere'|mapped to 'elsewhere'"):
        generator.map(codes(generator, [4]), "elsewhere")


def test_entry_weights_have_a_column_for_every_number_of_a_code(generator: Generator) -> None:
    modules = dict(generator.named_modules())
    for name, space in generator.spaces.items():
        if name == "s":
            continue  # no affine map comes after a style
        weights = generator.entry_weights(name)
        assert weights and set(weights) <= set(modules)
        for weight in weights.values():
            assert weight.ndim == 2 and weight.shape[1] == space.shape[-1] and not weight.requires_grad
    with pytest.raises(ValueError, match="got 'elsewhere'"):
        generator.entry_weights("elsewhere")


@pytest.mark.parametrize("name", ["toy", "tiny"])
def test_entry_weights_are_what_a_code_meets_first(name: str, request: pytest.FixtureRequest) -> None:
    """Two codes that differ where the entry weights are blind give the same activations, and others do not."""
    generator = request.getfixturevalue(name)
    for layer, weight in generator.entry_weights("z").items():
        latents = generator.sample([0])
        vectors = torch.linalg.svd(weight, full_matrices=False).Vh
        moved = latents.with_values(latents.values + vectors[:1])
        activations = []
        for given in (latents, moved):
            with read_layers(generator, [layer]) as found:
                generator.synthesize(given)
            activations.append(found[layer])
        change = (activations[1] - activations[0]).flatten(1)
        assert 0 < change.norm() <= (weight @ vectors[0]).norm() + 1e-4  # ReLU may only shorten it


def test_layers_are_named_from_the_code_to_the_image(generator: Generator) -> None:
    latents = codes(generator, [0, 1])
    with read_layers(generator, generator.layer_names, stop=False) as found:
        images = generator.synthesize(latents)
    assert tuple(found) == generator.layer_names
    assert all(len(activations) == 2 for activations in found.values())
    assert torch.equal(images, generator.synthesize(latents))
    for name in (generator.layer_names[0], generator.layer_names[-1]):
        with read_layers(generator, [name]) as kept:
            generator.synthesize(latents)
        assert torch.equal(kept[name], found[name])  # nothing that came later changed it


def test_generators_have_fingerprints_of_their_own(toy: Generator) -> None:
    every = [toy.fingerprint, *(build().fingerprint for build in EVERY.values())]
    assert all(len(mark) == 16 for mark in every) and len(set(every)) == len(every)


def test_a_fingerprint_is_that_of_the_weights(generator: Generator) -> None:
    assert copy.deepcopy(generator).to(torch.float64).fingerprint == generator.fingerprint
    other = copy.deepcopy(generator)
    next(iter(other.parameters())).flatten()[0] += 1
    assert other.freeze().fingerprint != generator.fingerprint


@pytest.mark.parametrize("seed", [-(2**33), 2**63, 1.5, "3", None, float("nan")])
def test_bad_seeds_are_refused(toy: Generator, seed: object, unchecked: None) -> None:
    with pytest.raises(ValueError, match=r"a seed is an integer from 0 to 2\*\*63 - 1, got"):
        check_seed(seed)
    with pytest.raises(ValueError, match="a seed is an integer"):
        toy.sample([0, seed])  # type: ignore[list-item]


def test_good_seeds_of_any_integer_type(toy: Generator) -> None:
    seeds = [0, np.int64(5), torch.tensor(6), 2**63 - 1]
    assert [check_seed(seed) for seed in seeds] == [0, 5, 6, 2**63 - 1]
    assert len(toy.sample(seeds)) == 4
    with pytest.raises(ValueError, match="at least one seed"):
        toy.sample([])


def test_options_of_a_family_that_has_all_of_them(unchecked: None) -> None:
    generator = random_stylegan2()
    generator.check_options(RenderOptions(0.7, 4, "none"))
    generator.check_options(RenderOptions(-1, 0, 2**62))
    for options, message in (
        ({"cutoff": -1}, "cutoff is a number of layers from 0"),
        ({"cutoff": True}, "cutoff is a number of layers from 0"),
        ({"noise": "random"}, "noise is 'const', 'none' or a seed, got 'random'"),
        ({"noise": True}, "noise is 'const', 'none' or a seed, got True"),
        ({"noise": -1}, "a seed is an integer"),
        ({"truncation": float("inf")}, "truncation is a finite number"),
    ):
        with pytest.raises(ValueError, match=message):
            RenderOptions(**options)


def test_a_generator_with_options_renders_with_them_and_shares_all_else() -> None:
    generator = random_stylegan2()
    codes = generator.sample(range(3))
    plain, chosen = generator.render(codes), {"truncation": 0.4, "cutoff": 3, "noise": 5}
    view = generator.with_options(**chosen)
    assert torch.equal(view.render(codes), generator.render(codes, RenderOptions(**chosen)))
    assert torch.equal(view.synthesize(codes), generator.synthesize(codes, RenderOptions(**chosen)))
    assert torch.equal(
        view.render(codes, RenderOptions(noise="none")),
        generator.render(codes, RenderOptions(noise="none")),
    )
    assert torch.equal(
        view.with_options(0.4).render(codes), generator.render(codes, RenderOptions(0.4))
    )  # not added up
    assert torch.equal(generator.render(codes), plain) and not torch.equal(view.render(codes), plain)
    assert torch.equal(view.map(codes, "w+").values, generator.map(codes, "w+").values)
    assert view.fingerprint == generator.fingerprint and type(view) is type(generator)
    assert all(a is b for a, b in zip(view.parameters(), generator.parameters(), strict=True))
    double = copy.deepcopy(view).to(torch.float64)
    assert double.options == view.options and (double.render(codes) - view.render(codes)).abs().max() < 1e-4
    with read_layers(view, ["synthesis.b4.conv1"]) as found:
        view.synthesize(codes)
    assert "synthesis.b4.conv1" in found


def test_options_of_a_view_are_checked(tiny: Generator) -> None:
    with pytest.raises(ValueError, match="noise means nothing for a DCGAN"):
        tiny.with_options(noise="none")


def test_truncation_shortens_a_code_without_average(tiny: Generator) -> None:
    latents = tiny.sample(range(3))
    half = tiny.map(latents, "z", RenderOptions(0.5))
    assert torch.equal(half.values, latents.values / 2)
    assert torch.equal(tiny.render(latents, RenderOptions(0.5)), tiny.render(half))
    assert torch.equal(
        tiny.render(latents, RenderOptions(0.5), batch=2), torch.cat([tiny.render(half[:2]), tiny.render(half[2])])
    )


def test_labels_belong_to_conditional_generators(tiny: Generator, unchecked: None) -> None:
    generator = random_stylegan2(replace(SIZES, classes=3, embedding=4))
    labelled = generator.sample([1, 2], labels=2)
    assert labelled.labels is not None and labelled.labels.tolist() == [2, 2]
    assert torch.equal(generator.class_vectors(labelled), torch.eye(3)[[2, 2]])
    mixed = generator.sample([1, 2, 1], labels=[2, 0, 1])  # one class per code, none for all
    assert mixed.labels is not None and mixed.labels.tolist() == [2, 0, 1]
    pictures = generator.render(mixed)
    for picture, seed, label in zip(pictures, [1, 2, 1], [2, 0, 1], strict=True):
        assert (picture - generator.render(generator.sample([seed], labels=label))[0]).abs().max() < 1e-5
    assert (pictures[0] - pictures[2]).abs().max() > 0.01  # the seed is the same, the class is not
    vectors = torch.tensor([[0.5, 0.5, 0.0], [0.0, 0.0, 0.0]])
    assert torch.equal(generator.class_vectors(generator.sample([1, 2], labels=vectors)), vectors)
    assert generator.class_vectors(generator.sample([1, 2], labels=[0, 1])).dtype == generator.dtype
    assert tiny.class_vectors(tiny.sample([1, 2])).shape == (2, 0)
    for network, labels, message in (
        (tiny, torch.tensor([0, 1]), "has no classes, got codes with labels"),
        (generator, torch.tensor([0, 3]), r"class numbers go from 0 to 2, got \[0, 3\]"),
        (generator, torch.tensor([-1, 0]), "class numbers go from 0 to 2"),
        (generator, torch.tensor([0.0, 1.0]), "class numbers are integers, got torch.float32"),
        (generator, torch.ones(2, 4), r"class numbers \[n\] or class vectors \[n, 3\], got \[2, 4\]"),
        (generator, None, "has 3 classes, got z codes without labels"),
    ):
        with pytest.raises(ValueError, match=message):
            network.render(Latents(network.sample([1, 2]).values, "z", labels))


def test_large_pictures_are_rendered_in_small_batches(tiny: Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes, real = [], tiny.synthesize

    def synthesize(latents: Latents, *options: object) -> Tensor:
        sizes.append(len(latents))
        return real(latents, *options)

    monkeypatch.setattr(tiny, "synthesize", synthesize)
    monkeypatch.setattr("latentwalk.generator.RENDER_PIXELS", 16 * 16 * 3)
    tiny.render(tiny.sample(range(7)))
    assert sizes == [3, 3, 1]


def test_seeds_of_numpy_give_what_numpy_gives(toy: Generator) -> None:
    codes = toy.sample([85, 3], numpy=True)
    for row, seed in zip(codes.values, (85, 3), strict=True):
        assert torch.equal(row, torch.from_numpy(np.random.RandomState(seed).randn(1, 16)).float()[0])
    again = read_codes(toy, describe_codes(toy, codes))
    assert describe_codes(toy, codes).seeds == "numpy:85,numpy:3" and torch.equal(again.values, codes.values)
    for seed in (-1, 2**32):
        with pytest.raises(ValueError, match="a seed of numpy"):
            toy.sample([seed], numpy=True)


def test_what_a_user_writes_first(toy: Generator, unchecked: None) -> None:
    codes = toy.sample(5)
    assert codes.seeds is not None and codes.seeds.tolist() == [0, 1, 2, 3, 4]
    assert torch.equal(toy.render(codes.values), toy.render(codes))
    with pytest.raises(ValueError, match=r"expected Latents or a tensor \[n, 16\], got ndarray"):
        toy.render(codes.values.numpy())
    assert repr(codes) == "Latents z [5, 16], seeds 0-4"
    assert len(repr(toy).splitlines()) == 3 and "spaces z [16]; no classes" in repr(toy) and "8 x 8" in repr(toy)
