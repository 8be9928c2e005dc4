import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression
from torch import nn

from latentwalk.edits import codes_for
from latentwalk.hooks import read_layers
from latentwalk.latents import Latents, concatenate
from latentwalk.methods.ganspace import GANSpace
from latentwalk.samples import Samples, sample_codes
from random_networks import DEEP, FAMILIES, PLAIN, codes, random_biggan, random_stylegan2
from toys import AXES, SPREAD, ToyGenerator


def unscored(generator, count: int, space: str | None = None) -> Samples:
    return Samples.unscored(codes(generator, range(count), space))


def read(generator, latents: Latents, layer: str) -> torch.Tensor:
    with torch.no_grad(), read_layers(generator, [layer]) as found:
        generator.synthesize(latents)
    return found[layer].flatten(1).double()


@pytest.fixture(scope="module")
def style():
    return random_stylegan2()


def test_with_enough_codes_every_planted_axis_is_found(toy) -> None:
    found = GANSpace(8, layer="entry", codes=20_000).fit(toy, unscored(toy, 2))
    for k, direction in enumerate(found):
        assert abs(float(direction.vector @ AXES[:, k])) > 0.97
        assert found.origin.figures[direction.name]["sigma"] == pytest.approx(float(SPREAD[k]), rel=0.03)
        assert found.origin.figures[direction.name]["R"] == pytest.approx(1, abs=1e-6)


def test_components_of_codes_agree_with_scikit_learn(style) -> None:
    samples = unscored(style, 300, "w")
    found, known = GANSpace(4).fit(style, samples), PCA(4).fit(samples.latents.values.double().numpy())
    for i, direction in enumerate(found):
        figures = found.origin.figures[direction.name]
        assert abs(float(direction.vector.double() @ torch.from_numpy(known.components_[i]))) == pytest.approx(1)
        assert figures["sigma"] == pytest.approx(known.explained_variance_[i] ** 0.5)
        assert figures["explained"] == pytest.approx(known.explained_variance_ratio_[i])
        assert direction.unit == pytest.approx(figures["sigma"])
        assert "R" not in figures


def test_components_of_activations_agree_with_scikit_learn_and_its_regression_with_intercept(style) -> None:
    """Neither the codes nor the activations have the mean 0 here."""
    samples, layer = unscored(style, 300, "w"), style.layer_names[3]
    values, seen = samples.latents.values.double().numpy(), read(style, samples.latents, style.layer_names[3]).numpy()
    assert np.abs(values.mean(0)).max() > 0.1
    found, known = GANSpace(4, layer).fit(style, samples), PCA(4, svd_solver="full").fit(seen)
    places = known.transform(seen)
    back = LinearRegression().fit(places, values).coef_
    for i, direction in enumerate(found):
        figures = found.origin.figures[direction.name]
        column = back[:, i] / np.linalg.norm(back[:, i])
        assert abs(float(direction.vector.double() @ torch.from_numpy(column))) == pytest.approx(1, abs=1e-6)
        assert figures["sigma"] == pytest.approx(known.explained_variance_[i] ** 0.5, rel=1e-5)
        assert figures["explained"] == pytest.approx(known.explained_variance_ratio_[i], rel=1e-5)
        share = LinearRegression().fit(values, places[:, i]).score(values, places[:, i])
        adjusted = 1 - (1 - share) * 299 / (299 - values.shape[1])
        assert figures["R"] == pytest.approx(max(adjusted, 0) ** 0.5, abs=1e-4)


def test_order_and_signs_are_fixed(style) -> None:
    """Largest first, and the sign does not change with other codes."""
    one, other = (GANSpace(2, "synthesis.b8.conv0", 1000, seed).fit(style, unscored(style, 9, "w")) for seed in (0, 1))
    for mine, theirs in zip(one, other, strict=True):
        assert float(mine.vector @ theirs.vector) > 0.9
    sigma = [figures["sigma"] for figures in one.origin.figures.values()]
    assert sigma == sorted(sigma, reverse=True)


def test_a_component_that_no_line_in_the_code_makes_has_no_correlation() -> None:
    class Even(nn.Module):
        """|c| along the first axis, large; the second axis as it is, small."""

        def forward(self, z: torch.Tensor) -> torch.Tensor:
            return nn.functional.pad(torch.stack([5 * (z @ AXES[:, 0]).abs(), z @ AXES[:, 1]], 1), (0, 14))

    toy = ToyGenerator()
    toy.entry = Even()
    found = GANSpace(2, "entry").fit(toy, unscored(toy, 2000))
    even, line = found.origin.figures.values()
    assert even["sigma"] > line["sigma"]
    assert even["R"] < 0.1
    assert line["R"] > 0.99


def test_fresh_codes_are_those_that_sample_codes_draws(style) -> None:
    drawn = concatenate(list(sample_codes(style, 700, 3, "w")))
    layer = "synthesis.b4.conv1"
    at_once = GANSpace(3, layer, seed=3).fit(style, Samples.unscored(drawn))
    streamed = GANSpace(3, layer, codes=700, seed=3).fit(style, unscored(style, 2, "w"))
    assert streamed.origin.summary["codes"] == at_once.origin.summary["codes"] == 700
    for one, other in zip(at_once, streamed, strict=True):
        assert torch.equal(one.vector, other.vector)
        assert one.unit == other.unit


@pytest.mark.parametrize("space", ["w", "w+"])
def test_codes_per_layer_of_one_w_give_the_directions_of_w(style, space) -> None:
    direct, layered = (GANSpace(3).fit(style, unscored(style, 200, name)) for name in ("w", space))
    for one, other in zip(direct, layered, strict=True):
        assert other.space == "w"
        assert torch.allclose(one.vector, other.vector, atol=1e-4)
        assert one.unit == pytest.approx(other.unit, rel=1e-5)
    moved = (
        direct[0].on_layers(1, 3).shift(codes(style, range(2), "w+"), 2.0).values - codes(style, range(2), "w+").values
    )
    assert moved.abs().amax((0, 2)).gt(0).tolist() == [False, True, True] + [False] * (moved.shape[1] - 3)


@pytest.mark.parametrize("generator", FAMILIES, indirect=True)
def test_every_family_gives_directions_that_move_its_pictures(generator) -> None:
    for layer in (None, generator.layer_names[-1]):
        samples = unscored(generator, 90)
        found = GANSpace(2, layer).fit(generator, samples)
        for direction in found:
            assert direction.space == samples.latents.space
            assert direction.distance(samples.latents).std() == pytest.approx(1, abs=1e-3)
            assert direction.distance(samples.latents).mean() == pytest.approx(0, abs=1e-3)
            assert layer is None or 0 <= found.origin.figures[direction.name]["R"] <= 1
        some = samples.latents[:2]
        moved = generator.render(found[0].shift(some, 2.0))
        assert not torch.equal(moved, generator.render(some))


@pytest.mark.parametrize("sizes", [DEEP, PLAIN], ids=["whole z per layer", "z in pieces"])
def test_a_direction_of_one_class_moves_chosen_layers_of_another(sizes) -> None:
    """Skip-z: the edited z goes to some layers, the others keep theirs."""
    network = random_biggan(sizes)
    ones = Samples.unscored(network.sample(range(200), labels=0))
    direction = GANSpace(2, "blocks.0").fit(network, ones)[0].on_layers(0, 2)
    others = network.sample(range(4), labels=2)
    before = codes_for(network, others, direction)
    after = direction.shift(before, 2.0)
    assert after.space == "z+"
    assert torch.equal(after.labels, others.labels)
    change = (after.values - before.values).abs().amax((0, 2))
    assert (change[:2] > 0).all()
    assert (change[2:] == 0).all()
    assert not torch.equal(network.render(after), network.render(others))


def test_components_of_one_class_carry_to_another() -> None:
    network, layer = random_biggan(DEEP), "blocks.0"
    first = GANSpace(3, layer, codes=2000).fit(network, Samples.unscored(network.sample([0], labels=0)))
    others = network.sample(range(300), labels=2)
    scatter = read(network, others, layer)
    spread = (scatter - scatter.mean(0)).norm(dim=1).mean()

    def change(vector: torch.Tensor) -> float:
        moved = others.with_values(others.values + 2 * vector)
        return float((read(network, moved, layer) - scatter).norm(dim=1).mean() / spread)

    random = torch.nn.functional.normalize(torch.randn(20, 6, generator=torch.Generator().manual_seed(0)), dim=1)
    assert change(first[0].vector) > 1.15 * np.mean([change(vector) for vector in random])
    own = GANSpace(3, layer, codes=2000).fit(network, Samples.unscored(network.sample([0], labels=2)))
    assert max(abs(float(first[0].vector @ other.vector)) for other in own) > 0.8


def test_drawn_codes_take_the_classes_of_the_samples_in_turn() -> None:
    network = random_biggan(DEEP)
    samples = Samples.unscored(network.sample(range(2), labels=[1, 3]))
    drawn = concatenate(list(sample_codes(network, 100, 0, "z", torch.tensor([1, 3]))))
    one = GANSpace(2, "blocks.0", codes=100).fit(network, samples)
    other = GANSpace(2, "blocks.0").fit(network, Samples.unscored(drawn))
    assert torch.equal(one[0].vector, other[0].vector)


def test_wide_activations_are_sketched_and_say_how_well(tiny) -> None:
    samples, layer = unscored(tiny, 300), tiny.layer_names[1]
    found = GANSpace(3, layer, columns=40, widest=100).fit(tiny, samples)
    whole = GANSpace(3, layer).fit(tiny, samples)
    assert "sketch" not in whole.origin.summary
    assert found.origin.summary["sketch"]["columns"] == 40
    assert 0 < found.origin.summary["sketch"]["missed"] < 0.2
    for one, other in zip(found, whole, strict=True):
        mine, true = found.origin.figures[one.name], whole.origin.figures[other.name]
        assert 0 < mine["residual"] < 0.2
        assert (1 - mine["residual"]) * true["sigma"] < mine["sigma"] < true["sigma"]
        assert abs(float(one.vector @ other.vector)) > 0.98


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"components": 0}, "the components to keep are 1 or more, got 0"),
        ({"codes": 1}, "the codes to draw are 2 or more, got 1"),
        ({"seed": -1}, "a seed is an integer from 0"),
        ({"columns": 5}, "a sketch of 5 columns has as many axes at most, got 10 components"),
    ],
)
def test_hyperparameters_without_a_meaning_are_refused(options, message) -> None:
    with pytest.raises(ValueError, match=message):
        GANSpace(**options)


@pytest.mark.parametrize(
    ("method", "count", "message"),
    [
        (GANSpace(2, "entri"), 50, "no layer 'entri' to read: the nearest are entry, picture"),
        (GANSpace(20), 50, "a code has 16 numbers, got 20 components: ask for fewer"),
        (GANSpace(20, "entry"), 50, "entry has 16 numbers, got 20 components: ask for fewer"),
        (GANSpace(8), 8, "8 components of codes of 16 numbers need 9 codes or more, got 8: draw more"),
        (GANSpace(2, "entry"), 17, "2 components of codes of 16 numbers need 18 codes or more, got 17: draw more"),
        (GANSpace(20, "picture"), 50, "picture varies along 16 axes only, got 20 components: ask for fewer"),
    ],
)
def test_what_cannot_be_decomposed_is_refused(toy, method, count, message) -> None:
    with pytest.raises(ValueError, match=message):
        method.fit(toy, unscored(toy, count))


def test_codes_that_do_not_differ_are_refused(toy) -> None:
    same = Samples.unscored(Latents(torch.ones(30, 16)))
    with pytest.raises(ValueError, match="a code varies along 0 axes only, got 2 components"):
        GANSpace(2).fit(toy, same)


def test_codes_that_enter_behind_the_layer_are_refused(style) -> None:
    with pytest.raises(ValueError, match=r"w codes enter behind the layer 'mapping\.layers\.0': give z codes"):
        GANSpace(2, "mapping.layers.0").fit(style, unscored(style, 50, "w"))


def test_the_parameters_are_written_down(toy) -> None:
    method = GANSpace(3, "entry", seed=4)
    assert GANSpace(**method.fit(toy, unscored(toy, 50)).origin.parameters) == method
