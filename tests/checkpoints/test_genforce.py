"""Files of genforce give the pictures of the networks that wrote them, and those of plain implementations."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from genforce_networks import (
    CLASSES,
    MIDDLE,
    WIDE,
    WIDTHS,
    W,
    Z,
    normalised,
    pggan_images,
    pggan_state,
    stylegan_codes,
    stylegan_images,
    stylegan_state,
)
from latentwalk.checkpoints import genforce
from latentwalk.generators.pggan import PGGAN
from latentwalk.generators.stylegan import StyleGAN
from latentwalk.hooks import read_layers
from latentwalk.jobs.convert import convert
from latentwalk.jobs.load import load
from latentwalk.latents import Latents
from latentwalk.options import RenderOptions
from latentwalk.safeload.reading import read_tree
from one_format import of_trees

GENFORCE = of_trees(genforce)

State = dict[str, Tensor]


@pytest.mark.parametrize("lod", [0.0, 0.25, 1.0, 1.5, 3.0])
@pytest.mark.parametrize("fused", [False, True])
def test_pggan_draws_what_the_paper_describes(fused: bool, lod: float) -> None:
    state, z = pggan_state(fused=fused, lod=lod), torch.randn(4, Z, generator=torch.Generator().manual_seed(1))
    generator = GENFORCE.read({"generator_smooth": state}, "file")
    assert isinstance(generator, PGGAN) and generator.image_shape == (3, 32, 32)
    assert (generator.render(Latents(z)) - pggan_images(state, z, fused)).abs().max() < 2e-5


@pytest.mark.parametrize("noise", ["const", "none"])
@pytest.mark.parametrize(("widths", "lod"), [(WIDTHS, 0.0), (WIDTHS, 0.75), (WIDTHS, 2.0), (WIDE, 0.0)])
def test_stylegan_draws_what_the_paper_describes(widths: tuple[int, ...], lod: float, noise: str) -> None:
    state, z = stylegan_state(widths, lod), torch.randn(3, Z, generator=torch.Generator().manual_seed(1))
    generator = GENFORCE.read({"generator_smooth": state}, "file")
    assert isinstance(generator, StyleGAN)
    codes = stylegan_codes(state, z)
    assert (generator.map(Latents(z), "w+").values - codes).abs().max() < 1e-5
    expected = stylegan_images(state, codes, noise == "const")
    assert generator.image_shape == expected.shape[1:]
    assert (generator.render(Latents(z), RenderOptions(noise=noise)) - expected).abs().max() < 1e-4
    mixed = codes.roll(1, 1) * torch.linspace(0.5, 1.5, codes.shape[1])[:, None]
    drawn = generator.render(Latents(mixed, "w+"), RenderOptions(noise=noise))
    assert (drawn - stylegan_images(state, mixed, noise == "const")).abs().max() < 1e-4


def test_labels_join_the_code() -> None:
    state, z = stylegan_state(labels=True), torch.randn(3, Z, generator=torch.Generator().manual_seed(1))
    generator = GENFORCE.read(state, "file")
    vectors = torch.eye(CLASSES)[[2, 0, 1]]
    expected = stylegan_codes(state, z, vectors)
    for labels in (torch.tensor([2, 0, 1]), vectors):
        assert (generator.map(Latents(z, "z", labels), "w+").values - expected).abs().max() < 1e-5
    assert generator.classes == CLASSES
    assert generator.entry_weights("z")["mapping.layers.0"].shape == (MIDDLE, Z)
    with pytest.raises(ValueError, match="without labels"):
        generator.render(Latents(z))


@pytest.mark.parametrize("per_layer", [True, False])
def test_every_layer_may_have_an_average_of_its_own(per_layer: bool) -> None:
    state = stylegan_state(per_layer=per_layer, flat_average=True)
    z = torch.randn(3, Z, generator=torch.Generator().manual_seed(1))
    generator = GENFORCE.read(state, "file")
    assert list(generator.spaces) == (["z", "w+"] if per_layer else ["z", "w", "w+"])
    codes, average = stylegan_codes(state, z), state["truncation.w_avg"].view(-1, W)
    expected = torch.cat((average[:3] + 0.7 * (codes[:, :3] - average[:3]), codes[:, 3:]), 1)
    assert (
        generator.map(Latents(z), "w+", RenderOptions(truncation=0.7, cutoff=3)).values - expected
    ).abs().max() < 1e-5
    images = generator.render(Latents(z), RenderOptions(truncation=0.7, cutoff=3))
    assert (images - stylegan_images(state, expected)).abs().max() < 1e-4


@pytest.mark.parametrize("per_layer", [True, False])
def test_the_average_is_estimated_where_a_file_has_none(per_layer: bool) -> None:
    state = stylegan_state(per_layer=per_layer)
    del state["truncation.w_avg"]
    generator = GENFORCE.read(state, "file")
    assert isinstance(generator, StyleGAN) and generator.average_estimated
    codes = generator.map(generator.sample(range(4096)), "w+").values
    assert (generator.average - codes.mean(0)).abs().max() < 0.1 * codes.std()
    again = GENFORCE.read(dict(reversed(state.items())), "file")
    assert torch.equal(generator.average, again.get_buffer("average")) and generator.fingerprint == again.fingerprint


def test_files_without_a_filter_get_the_usual_one() -> None:
    state = stylegan_state()
    bare = {name: tensor for name, tensor in state.items() if "blur" not in name}
    assert GENFORCE.read(state, "file").fingerprint == GENFORCE.read(bare, "file").fingerprint


# Foreign files


def test_a_generator_is_found_wherever_it_lies() -> None:
    good, other = pggan_state(), {"x": torch.ones(1)}
    trees = (
        {"generator": other, "discriminator": other, "generator_smooth": good},
        {"models": {"generator_smooth": good, "discriminator": other}, "running_metadata": {"iter": 3}},
        {"generator": good, "discriminator": other},
        {f"module.{name}": tensor for name, tensor in good.items()},
        dict(reversed(good.items())),
    )
    assert all(GENFORCE.matches(tree) for tree in trees)
    assert len({GENFORCE.read(tree, "file").fingerprint for tree in trees}) == 1


@pytest.mark.parametrize("tree", [{}, [], None, 3, {"discriminator": pggan_state()}, {"generator_smooth": 3}, {"a": 1}])
def test_other_trees_are_no_files_of_genforce(tree: object) -> None:
    assert not GENFORCE.matches(tree)


def without(state: State, *names: str) -> State:
    return {name: tensor for name, tensor in state.items() if name not in names}


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (without(pggan_state(), "layer3.weight"), "lacks the tensor 'layers.3.weight'"),
        (without(pggan_state(), "layer7.bias"), "has 7 layers: expected two per scale"),
        (without(pggan_state(), "output3.bias"), "lacks 'picture.paint.bias'"),
        (pggan_state() | {"extra.weight": torch.ones(2)}, "has also 'extra.weight'"),
        (pggan_state() | {"lod": torch.tensor(4.0)}, "has the lod 4.0: expected 0"),
        (pggan_state() | {"lod": torch.tensor(float("nan"))}, "has the lod nan"),
        (pggan_state() | {"layer2.weight": torch.ones(5, 7, 3, 3)}, r"'layers.2.weight' has the shape"),
        (pggan_state() | {"layer2.weight": torch.ones(5, 6, 5, 5)}, r"'layers.2.weight' has the shape"),
        (pggan_state() | {"layer2.weight": torch.ones(5, 6)}, "'layers.2.weight' has 2 dimensions, expected 4"),
        (pggan_state() | {"layer0.weight": torch.ones(6, 0, 4, 4)}, "need at least one channel"),
        (pggan_state() | {"layer999.bias": torch.ones(6)}, "has 1000 layers: expected two per scale"),
        (pggan_state() | {"layer3.bias": torch.full((5,), float("nan"))}, "'layers.3.bias' holds NaN"),
        (without(stylegan_state(), "synthesis.layer2.apply_noise.noise"), "lacks the tensor 'layers.2.noise_map'"),
        (without(stylegan_state(), "mapping.dense0.weight"), "lacks the tensor 'mapping.layers.0.weight'"),
        (stylegan_state() | {"mapping.dense1.weight": torch.ones(9, MIDDLE)}, "the mapping gives 9 numbers"),
        (stylegan_state() | {"truncation.w_avg": torch.ones(9)}, r"'average' has the shape \[9\], expected \[7\]"),
        (stylegan_state() | {"synthesis.layer2.apply_noise.noise": torch.ones(1, 1, 9, 9)}, r"has the shape \[9, 9\]"),
        (stylegan_state() | {"mapping.label_weight": torch.ones(3)}, "'mapping.label_weight' has 1 dimensions"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(state: State, message: str) -> None:
    with pytest.raises(ValueError, match=message) as error:
        GENFORCE.read({"generator_smooth": state}, "some/file.pth")
    assert str(error.value).startswith("some/file.pth") and "\n" not in str(error.value)


def reference(folder: Path) -> State:
    return {name: torch.from_numpy(array) for name, array in np.load(folder / "ref.npz").items()}


@pytest.mark.parametrize("file", ["pggan_zoo.pth", "pggan_zoo_legacy.pth"])
def test_a_foreign_pggan_draws_its_own_pictures(shared: Path, file: str) -> None:
    folder = shared / "fixtures" / "genforce" / "pggan32"
    generator, known = GENFORCE.read(read_tree(folder / file), file), reference(folder)
    assert (generator.render(Latents(known["z"])) - known["img"]).abs().max() < 2e-5
    with read_layers(generator, ["layers.0", "layers.2", "layers.5", "picture"]) as found:
        generator.synthesize(Latents(known["z"][:1]))
    for ours, theirs in {
        "layers.0": "layer0",
        "layers.2": "layer2",
        "layers.5": "layer5",
        "picture": "output3",
    }.items():
        assert (found[ours] - known[f"act.{theirs}"]).abs().max() < 5e-5


def test_a_foreign_stylegan_draws_its_own_pictures(shared: Path) -> None:
    folder = shared / "fixtures" / "genforce" / "stylegan32"
    generator, known = GENFORCE.read(read_tree(folder / "stylegan_zoo.pth"), "file"), reference(folder)
    z, w = Latents(known["z"]), Latents(known["w"], "w")
    assert (generator.map(z, "w").values - w.values).abs().max() < 1e-5
    for case, options in {
        "psi1": {},
        "psi0.7": {"truncation": 0.7},
        "psi0.7_cut4": {"truncation": 0.7, "cutoff": 4},
    }.items():
        assert (generator.map(z, "w+", RenderOptions(**options)).values - known[f"wp_{case}"]).abs().max() < 1e-5
        for latents in (z, w):
            images = generator.render(latents, RenderOptions(**options))
            assert (images - known[f"img_{case}_const"]).abs().max() < 2e-5
        assert (generator.render(Latents(known[f"wp_{case}"], "w+")) - known[f"img_{case}_const"]).abs().max() < 2e-5
    assert (generator.render(Latents(known["wplus"], "w+")) - known["img_wplus_const"]).abs().max() < 2e-5
    layers = [f"layers.{i}" for i in (0, 2, 5)]
    with read_layers(generator, [*layers, *(f"{layer}.style" for layer in layers), "picture"]) as found:
        generator.synthesize(z[0])
    for layer in layers:
        theirs = f"act.synthesis.{layer.replace('s.', '')}"
        assert (found[layer] - known[f"{theirs}.0"]).abs().max() < 1e-4
        assert (found[f"{layer}.style"] - known[f"{theirs}.1"]).abs().max() < 5e-5
    assert (found["picture"] - known["act.synthesis.output3"]).abs().max() < 2e-5


def test_a_foreign_stylegan2_is_handed_on(shared: Path) -> None:
    folder = shared / "fixtures" / "genforce" / "stylegan2_32"
    tree, known = read_tree(folder / "stylegan2_zoo.pth"), reference(folder)
    assert GENFORCE.matches(tree)
    images = GENFORCE.read(tree, "file").render(Latents(known["z"]), RenderOptions(0.7))
    assert (images - known["img_psi0.7_const"]).abs().max() < 2e-5


def test_a_pggan_trained_with_labels_is_told_its_classes(tmp_path: Path) -> None:
    state = pggan_state()
    torch.save({"generator_smooth": state}, tmp_path / "labels.pth")
    plain, made = load(tmp_path / "labels.pth"), load(tmp_path / "labels.pth", classes=2)
    (size,) = made.input_space.shape
    assert (made.classes, size + 2) == (2, plain.input_space.size) and made.reading.format == "genforce"
    codes = made.sample(3, labels=[0, 1, 1])
    given = torch.cat([size**0.5 * normalised(codes.values), made.class_vectors(codes)], 1)
    assert torch.allclose(made.render(codes), plain.render(given), atol=1e-6)
    convert(made, tmp_path / "own.safetensors")
    assert torch.equal(load(tmp_path / "own.safetensors").render(codes), made.render(codes))
    for source, classes, message in (
        ("labels.pth", size + 2, "a number from 1 to"),
        ("own.safetensors", 2, "says itself"),
    ):
        with pytest.raises(ValueError, match=message):
            load(tmp_path / source, classes=classes)
