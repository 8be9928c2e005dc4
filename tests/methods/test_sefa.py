import numpy as np
import pytest
import torch

from latentwalk.edits import codes_for
from latentwalk.methods.sefa import SeFa
from latentwalk.samples import Samples
from random_networks import FAMILIES
from toys import AXES, SPREAD


def samples(generator, space=None, count=40) -> Samples:
    labels = torch.arange(count) % generator.classes if generator.classes else None
    codes = generator.sample(range(count), labels)
    return Samples.unscored(codes if space is None else generator.map(codes, space))


def test_it_agrees_with_the_singular_vectors_of_the_stacked_maps(tiny) -> None:
    found = SeFa(components=8).fit(tiny, samples(tiny))
    (weight,) = tiny.entry_weights("z").values()
    _, gains, rows = np.linalg.svd(weight.double().numpy(), full_matrices=False)
    for index, direction in enumerate(found):
        assert abs(direction.vector.numpy() @ rows[index]) == pytest.approx(1, abs=1e-5)
        assert found.origin.figures[direction.name]["gain"] == pytest.approx(gains[index], rel=1e-6)


def test_the_planted_axes_come_in_the_order_of_their_gains(toy) -> None:
    found = SeFa(components=16).fit(toy, samples(toy))
    for k, direction in enumerate(found):
        assert abs(direction.vector @ AXES[:, k]) == pytest.approx(1, abs=1e-5)
        assert found.origin.figures[direction.name]["gain"] == pytest.approx(float(SPREAD[k]), rel=1e-5)


def test_rows_of_norm_1_count_channels_instead_of_their_strength(tiny) -> None:
    (weight,) = tiny.entry_weights("z").values()
    rows = torch.nn.functional.normalize(weight.double(), dim=1).numpy()
    found = SeFa(components=1, normalize=True).fit(tiny, samples(tiny))
    assert abs(found[0].vector.numpy() @ np.linalg.svd(rows)[2][0]) == pytest.approx(1, abs=1e-5)
    assert found.origin.parameters["normalize"] is True
    plain = SeFa(components=1).fit(tiny, samples(tiny))
    assert not torch.allclose(plain[0].vector, found[0].vector, atol=1e-3)


@pytest.mark.parametrize("generator", FAMILIES, indirect=True)
def test_every_family_is_factorised_in_every_space_with_entry_weights_and_drawn(generator) -> None:
    """And the first direction changes the first layer as much as its gain says."""
    for space in [name for name in generator.spaces if name != "s"]:
        given = samples(generator, space)
        found = SeFa(components=2).fit(generator, given)
        start = codes_for(generator, given.latents[0], found[0])
        assert generator.render(found[0].shift(start, 1.0)).isfinite().all()
        gains = [figures["gain"] for figures in found.origin.figures.values()]
        assert gains[0] >= gains[1] >= 0


def test_chosen_layers_alone_are_factorised(generator) -> None:
    for space in [name for name in generator.spaces if name in ("z", "w")]:
        *_, last = weights = generator.entry_weights(space)
        found = SeFa(components=1, layers=(last,)).fit(generator, samples(generator, space))
        change = (weights[last].double() @ found[0].vector.double()).norm()
        assert float(change) == pytest.approx(found.origin.figures["sefa 1"]["gain"], rel=1e-5)
        assert found.origin.parameters["layers"] == [last]


def test_a_layer_that_does_not_exist_is_refused(toy) -> None:
    with pytest.raises(ValueError, match="no entry layer 'entri': the nearest are entry"):
        SeFa(layers=("entri",)).fit(toy, samples(toy))


@pytest.mark.parametrize(
    ("components", "message"), [(0, "are 1 or more, got 0"), (17, "there are 16 directions, got 17")]
)
def test_a_number_of_components_that_there_cannot_be_is_refused(toy, components, message) -> None:
    with pytest.raises(ValueError, match=message):
        SeFa(components=components).fit(toy, samples(toy))
