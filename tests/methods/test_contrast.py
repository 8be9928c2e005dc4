import pytest
import torch

from latentwalk.latents import Latents, LatentSpace
from latentwalk.methods.contrast import Contrast, contrasted, discriminant
from latentwalk.methods.offsets import FEWEST
from toys import AXES, ToyGenerator


def wide(size: int) -> ToyGenerator:
    """A generator whose codes have as many numbers as asked for; nobody draws them."""
    generator = ToyGenerator()
    generator.spaces = {"z": LatentSpace("z", (size,))}
    return generator


def sets(each: int, size: int, apart: float = 6.0, seed: int = 0) -> tuple[Latents, Latents]:
    """Normal codes, and as many that are further along the first coordinate."""
    codes = torch.randn(2 * each, size, generator=torch.Generator().manual_seed(seed))
    codes[:each, 0] += apart
    return Latents(codes[:each]), Latents(codes[each:])


def test_five_codes_a_side_point_the_way_and_say_that_they_are_few() -> None:
    for seed in range(3):
        found = Contrast().fit(wide(256), contrasted(*sets(5, 256, seed=seed), "glasses"))
        assert found[0].name == "glasses"
        assert found[0].vector[0] > 0.3, "chance gives 0.06"
        figures = found.origin.figures["glasses"]
        assert figures["shrunk"].startswith("10 samples for codes of 256 numbers: covariance shrunk by")


def test_many_codes_need_no_shrinkage(toy) -> None:
    figures = Contrast().fit(toy, contrasted(*sets(3000, 16, 2.0))).origin.figures["contrast"]
    assert figures["shrunk"] is None
    assert figures["correlation"] > 0.6


def test_it_turns_away_from_where_codes_differ_anyway(toy) -> None:
    """The sets differ along one axis; along another, which mixes with it, codes differ far more."""
    random = torch.Generator().manual_seed(3)
    codes = torch.randn(2000, 16, generator=random)
    codes += 5 * torch.randn(2000, 1, generator=random) * (AXES[:, 0] + AXES[:, 1])
    has = torch.arange(2000) % 2 == 0
    codes[has] += 2 * AXES[:, 0]
    vector = Contrast().fit(toy, contrasted(Latents(codes[has]), Latents(codes[~has])))[0].vector
    assert abs(vector @ (AXES[:, 0] + AXES[:, 1])) < 0.1
    assert vector @ AXES[:, 0] > 0.6


def test_with_many_codes_it_is_the_linear_discriminant(toy) -> None:
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    few, other = sets(1500, 16, 1.0)
    stretched = torch.linspace(0.2, 3, 16)
    codes = (torch.cat([few.values, other.values]) * stretched).double().numpy()
    has = torch.arange(3000).numpy() < 1500
    ours = torch.from_numpy(discriminant(codes, has)[0])
    theirs = torch.from_numpy(LinearDiscriminantAnalysis(solver="lsqr").fit(codes, has).coef_[0])
    assert torch.cosine_similarity(ours, theirs, 0) > 0.999


def test_exchanged_sets_turn_the_direction(toy) -> None:
    one, other = sets(500, 16, 2.0)
    there, back = (Contrast().fit(toy, contrasted(*pair))[0] for pair in ((one, other), (other, one)))
    assert there.vector @ back.vector < -0.999
    assert there.offset == pytest.approx(-back.offset, abs=0.05)


def test_the_boundary_lies_between_the_sets(toy) -> None:
    few, other = sets(200, 16)
    found = Contrast().fit(toy, contrasted(few, other))[0]
    assert (found.distance(few) > 0).all()
    assert (found.distance(other) < 0).all()


def test_sets_that_do_not_differ_still_give_a_direction_and_its_figures_do_not_flatter(toy) -> None:
    figures = Contrast().fit(toy, contrasted(*sets(6, 16, 0.0))).origin.figures["contrast"]
    assert figures["correlation"] < 0.6


@pytest.mark.parametrize(("many", "few"), [(10, FEWEST - 1), (10, 1)])
def test_too_few_codes_of_a_kind_are_refused(toy, many, few) -> None:
    one, other = sets(many, 16)
    with pytest.raises(ValueError, match=rf"codes that score above 0 and 4 that do not, got {few} and {many}"):
        Contrast().fit(toy, contrasted(one[:few], other))


def test_sets_of_different_spaces_are_refused() -> None:
    one, other = sets(5, 16)
    with pytest.raises(ValueError, match="expected codes of one space, got"):
        contrasted(one, Latents(other.values, "w"))


def test_hyperparameters_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="codes are split into 2 folds or more, got 1"):
        Contrast(folds=1)
    with pytest.raises(ValueError, match="a seed is an integer from 0"):
        Contrast(seed=-1)
