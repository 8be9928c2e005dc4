import pytest
import torch

from latentwalk.methods.fewshot import FewShot, alignment, next_to_label, ridge
from latentwalk.methods.places import cells, hidden
from latentwalk.samples import Samples, score_samples
from random_networks import FAMILIES, codes
from toys import ATTRIBUTES, AXES, ToyScorer

LABELS = 60


@pytest.fixture(scope="module")
def every(toy):
    return score_samples(toy, ToyScorer(), 1000)


def few(samples: Samples, count: int = LABELS) -> Samples:
    """The signs of the first scores, as 1 and 0, and none of the others."""
    labels = (samples.scores > 0).float()
    labels[count:] = torch.nan
    return Samples(samples.latents, labels, samples.attributes)


@pytest.mark.parametrize("how", [FewShot(), FewShot("pcs", components=3), FewShot("code"), FewShot("sefa")])
def test_few_labels_point_the_right_way(toy, every, how) -> None:
    for direction, true in zip(how.fit(toy, few(every)), ToyScorer().directions, strict=True):
        assert direction.vector @ true.vector > 0.75
        assert direction.distance(every.latents).std() == pytest.approx(1, abs=1e-4)


def test_a_prior_that_knows_where_to_look_learns_more(toy, every) -> None:
    """The three strongest components of the entry layer are the three axes that the scorer sees."""
    blind, knowing = (
        torch.tensor([float(d.vector @ AXES[:, k]) for k, d in enumerate(how.fit(toy, few(every, 20)))])
        for how in (FewShot("code"), FewShot("pcs", ("entry",), 3))
    )
    assert knowing.mean() > blind.mean() + 0.05


def test_figures_say_what_was_learned_from(toy, every) -> None:
    figures = FewShot("code").fit(toy, few(every)).origin.figures
    for name, column in zip(ATTRIBUTES, every.scores.T, strict=True):
        assert figures[name]["yes"] == int((column[:LABELS] > 0).sum())
        assert figures[name]["no"] == LABELS - figures[name]["yes"]
        assert 0 < figures[name]["error"] < 1


def test_labels_of_any_two_values_mean_the_same(toy, every) -> None:
    signs = few(every)
    other = Samples(signs.latents, signs.scores * 2 - 1, signs.attributes)
    for one, two in zip(FewShot("code").fit(toy, signs), FewShot("code").fit(toy, other), strict=True):
        assert torch.equal(one.vector, two.vector) and one.offset == two.offset


def test_the_boundary_moves_with_the_codes(toy, every) -> None:
    given = few(every)
    away = Samples(given.latents.with_values(given.latents.values + 3), given.scores, given.attributes)
    for one, two in zip(FewShot("code").fit(toy, given), FewShot("code").fit(toy, away), strict=True):
        assert torch.allclose(one.vector, two.vector, atol=1e-3)
        assert two.offset == pytest.approx(one.offset - 3 * float(one.vector.sum()), abs=0.02)


def test_places_that_agree_with_the_labels_are_looked_at() -> None:
    random = torch.Generator().manual_seed(0)
    target = torch.where(torch.arange(40) % 4 == 0, 1.0, -1.0).double()
    telling = target[:, None] + 0.5 * torch.randn(40, 3, generator=random, dtype=torch.float64)
    noise = torch.randn(5, 40, 3, generator=random, dtype=torch.float64)
    kernels = torch.stack([telling @ telling.T, *(x @ x.T for x in noise)])
    shares = alignment(kernels, target, 2.0)
    assert shares.sum() == pytest.approx(1) and shares[0] > 0.9
    assert torch.equal(alignment(kernels[:1] * 0, target, 2.0), torch.ones(1, dtype=torch.float64)), "nothing to see"


def test_all_layers_before_the_picture_are_looked_at(tiny) -> None:
    seen = hidden(tiny, tiny.sample(1))
    assert seen == tiny.layer_names[:-1] and len(seen) > 1


@pytest.mark.parametrize("generator", ["stylegan2-resnet"], indirect=True)
def test_codes_of_w_come_through_the_layers_after_the_mapping(generator) -> None:
    latents = generator.map(codes(generator, range(40)), "w")
    assert [name for name in generator.layer_names[:-1] if "mapping" not in name] == list(hidden(generator, latents))
    scores = torch.full((len(latents), 1), torch.nan)
    scores[:12, 0] = torch.where(torch.arange(12) % 2 == 0, 1.0, -1.0)
    (found,) = FewShot().fit(generator, Samples(latents, scores, ("even",)))
    assert found.space == "w" and found.vector.isfinite().all()


def test_ridge_is_least_squares_with_a_penalty() -> None:
    random = torch.Generator().manual_seed(0)
    x = torch.randn(30, 4, generator=random, dtype=torch.float64)
    t = x[:, 0].sign()
    dual, bias = ridge(x @ x.T, t, 0.1)
    scale = 0.1 * (x @ x.T).diagonal().mean()
    slope = torch.linalg.solve(x.T @ x + scale * torch.eye(4, dtype=torch.float64), x.T @ (t - t.mean()))
    assert torch.allclose(x.T @ dual, slope, atol=1e-10) and bias == pytest.approx(float(t.mean()))


def test_maps_have_places_and_vectors_are_one() -> None:
    image = torch.arange(2 * 3 * 4 * 4.0).view(2, 3, 4, 4)
    apart = cells(image)
    assert len(apart) == 16 and torch.equal(apart[5], image[:, :, 1, 1])
    assert len(cells(torch.zeros(2, 3, 32, 32))) == 64
    assert [x.shape for x in (*cells(torch.zeros(2, 7)), *cells(torch.zeros(2, 7, 1, 1)))] == [(2, 7)] * 2


def test_the_next_to_label_are_near_the_boundary(toy, every) -> None:
    samples = few(every).only(["two"])
    rows = next_to_label(toy, samples, "two", 20)
    assert len(set(rows)) == 20 and min(rows) >= LABELS, "those with a label are known"
    near, all_of_them = every.column("two")[rows].abs().mean(), every.column("two").abs().mean()
    assert near < 0.5 * all_of_them


@pytest.mark.parametrize("prior", ["activations", "sefa"])
@pytest.mark.parametrize("generator", FAMILIES, indirect=True)
def test_every_family_learns(generator, prior) -> None:
    latents = codes(generator, range(max(24, 3 * generator.input_space.size)))
    scores = torch.full((len(latents), 1), torch.nan)
    scores[:12, 0] = torch.where(torch.arange(12) % 2 == 0, 1.0, -1.0)
    (found,) = FewShot(prior, components=3).fit(generator, Samples(latents, scores, ("even",)))
    assert found.space == latents.space and found.vector.isfinite().all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.abs() + 1, "'one' has 1000 labels for yes .above 0. and 0 for no: expected at least 2 of each"),
        (lambda s: s * torch.nan, "'one' has 0 labels for yes .above 0. and 0 for no"),
    ],
)
def test_labels_that_say_nothing_are_refused(toy, every, change, message) -> None:
    with pytest.raises(ValueError, match=message):
        FewShot().fit(toy, Samples(every.latents, change(every.scores), every.attributes))


def test_fewer_codes_than_numbers_are_refused(toy, every) -> None:
    small = Samples(every.latents[:16], every.scores[:16], every.attributes)
    with pytest.raises(ValueError, match="needs more codes than that, labelled or not, got 16: add codes without"):
        FewShot("code").fit(toy, small)


def test_a_layer_that_is_not_there_is_refused(toy, every) -> None:
    with pytest.raises(ValueError, match="no layer 'entri': the nearest are"):
        FewShot(layers=("entri",)).fit(toy, few(every))


@pytest.mark.parametrize("count", [0, 941])
def test_more_than_there_are_cannot_be_proposed(toy, every, count) -> None:
    with pytest.raises(ValueError, match=f"940 codes have no label: expected to choose 1 to 940 of them, got {count}"):
        next_to_label(toy, few(every), "one", count)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"prior": "luck"}, "no prior 'luck': there are activations, pcs"), ({"components": 0}, "1 or more, got 0")],
)
def test_hyperparameters_out_of_range_are_refused(wrong, message) -> None:
    with pytest.raises(ValueError, match=message):
        FewShot(**wrong)
