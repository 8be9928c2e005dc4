"""The main job: what an edit returns and what its receipt says."""

from dataclasses import replace

import pytest
import torch

from latentwalk.direction import Direction, Directions
from latentwalk.generators.wrapped import wrap
from latentwalk.jobs.edit import edit, edit_batches
from latentwalk.jobs.held_picture import read_homing
from latentwalk.options import RenderOptions
from latentwalk.receipts import Receipt
from latentwalk.scores import score
from latentwalk.walks.boundary import BoundaryWalk
from latentwalk.walks.fixed import FixedWalk
from latentwalk.walks.gradient import GradientWalk
from latentwalk.walks.homing import Homing, distance, scales
from random_networks import SIZES, random_stylegan2
from toys import ATTRIBUTES, AXES, ToyScorer


@pytest.fixture(scope="module")
def scorer():
    return ToyScorer(entangled=True)


@pytest.fixture(params=["gradient", "boundary"])
def walker(request, scorer):
    """Every way of walking in turn."""
    return GradientWalk() if request.param == "gradient" else BoundaryWalk(scorer.directions)


def test_an_edit_reaches_its_target_and_says_so(toy, scorer, walker):
    codes = toy.sample(range(20))
    edited = edit(toy, codes, scorer, "one", 0.9, walk=walker)
    p = score(toy, scorer, edited.latents).sigmoid()[:, 0]
    assert edited.reached.all()
    assert (p >= 0.9).all()
    assert torch.equal(edited.images, toy.render(edited.latents))
    assert torch.equal(edited.images_before, toy.render(codes))


def test_the_receipt_agrees_with_the_codes(toy, scorer, walker):
    codes = toy.sample(range(3, 9))
    edited = edit(toy, codes, scorer, "two", 0.2, walk=walker, judge=ToyScorer())
    before, after = score(toy, scorer, codes), score(toy, scorer, edited.latents)
    agrees = score(toy, ToyScorer(), edited.latents)[:, 1] <= 0
    for i, code in enumerate(edited.receipt.codes):
        assert code.seed == 3 + i
        assert code.reached == bool(edited.reached[i])
        assert code.steps == int(edited.steps[i])
        assert code.confirmed == bool(agrees[i])
        assert code.distance == pytest.approx(float((edited.latents.values[i] - codes.values[i]).norm()), abs=1e-3)
        for k, name in enumerate(ATTRIBUTES):
            assert code.before[name] == pytest.approx(float(before[i, k].sigmoid()), abs=1e-4)
            assert code.after[name] == pytest.approx(float(after[i, k].sigmoid()), abs=1e-4)
            assert code.change[name] == pytest.approx(float(after[i, k] - before[i, k]), abs=1e-3)
        assert torch.allclose(torch.tensor(code.end), edited.latents.values[i])


def test_a_receipt_survives_its_file(toy, scorer, walker, tmp_path):
    edited = edit(toy, toy.sample(range(4)), scorer, "one", hold="others", walk=walker)
    edited.receipt.save(tmp_path / "receipt.json")
    assert Receipt.read(tmp_path / "receipt.json") == edited.receipt


def test_hold_others_is_every_other_attribute(toy, scorer):
    codes = toy.sample(range(8))
    named, every = (edit(toy, codes, scorer, goals={"one": 0.9}, hold=hold) for hold in (["two", "three"], "others"))
    assert torch.equal(named.latents.values, every.latents.values)
    assert edit(toy, codes, scorer, goals={"one": 0.9}, hold="two").receipt.recipe.hold == ["two"]


def test_others_may_stand_among_names(toy, scorer):
    edited = edit(toy, toy.sample(2), scorer, "one", hold=["three", "others"])
    assert edited.receipt.recipe.hold == ["three", "two"]


class TestHeldPictures:
    """hold="picture": after the walk its picture is led home, and the receipt says so."""

    def test_a_held_picture_is_no_farther_from_its_start(self, toy, scorer, walker):
        codes = toy.sample(range(12))
        plain, kept = (edit(toy, codes, scorer, "one", 0.9, hold=hold, walk=walker) for hold in ((), "picture"))
        far = [distance(scales(each.images), scales(each.images_before)) for each in (plain, kept)]
        assert kept.reached.all()
        assert (far[1] <= far[0] + 1e-6).all()

    def test_what_a_walk_painted_besides_goes_back(self, toy):
        codes, paint = toy.sample(range(12)), AXES[:, 5]
        aside = BoundaryWalk(Directions((Direction("one", (AXES[:, 0] + paint) / 2**0.5),)))
        given = {"walk": aside, "homing": Homing(views=1)}
        plain, kept = (edit(toy, codes, ToyScorer(), "one", 0.9, hold=hold, **given) for hold in ((), "picture"))
        painted = [((each.latents.values - codes.values) @ paint).abs().mean() for each in (plain, kept)]
        assert kept.reached.equal(plain.reached)
        assert painted[1] < 0.3 * painted[0]

    def test_it_is_held_together_with_attributes(self, toy, scorer):
        codes = toy.sample(range(12))
        both = edit(toy, codes, scorer, "one", 0.9, hold=["others", "picture"])
        alone = edit(toy, codes, scorer, "one", 0.9, hold="others")
        drifts = [(each.after - each.before)[:, 1:].norm(dim=1) for each in (both, alone)]
        assert (drifts[0] <= drifts[1] + 0.06).all()
        assert both.receipt.recipe.hold == ["two", "three", "picture"]

    def test_the_receipt_leads_home_again(self, toy, scorer):
        codes, homing = toy.sample(range(4)), Homing(steps=3, views=1)
        first = edit(toy, codes, scorer, "one", 0.9, hold="picture", homing=homing)
        recipe = Receipt.parse(first.receipt.to_json(), "here").recipe
        again = edit(toy, codes, scorer, goals=recipe.goals, hold=recipe.hold, homing=read_homing(recipe.homing))
        assert read_homing(recipe.homing) == homing
        assert torch.equal(again.latents.values, first.latents.values)
        with pytest.raises(ValueError, match="the way home of the receipt has no option 'wings'"):
            read_homing({"wings": 2})

    def test_a_receipt_without_it_says_nothing_of_it(self, toy, scorer):
        assert "homing" not in edit(toy, toy.sample(1), scorer, "one", hold="others").receipt.to_json()

    def test_an_attribute_of_that_name_is_held_as_an_attribute(self, toy):
        scorer = ToyScorer(entangled=True)
        scorer.attributes = ("one", "picture", "three")
        codes = toy.sample(range(6))
        edited = edit(toy, codes, scorer, "one", 0.9, hold="picture")
        assert edited.receipt.recipe.homing is None
        assert torch.equal(
            edited.latents.values, edit(toy, codes, ToyScorer(True), "one", 0.9, hold="two").latents.values
        )

    def test_a_fixed_walk_holds_none(self, toy, scorer):
        fixed = FixedWalk(scorer.directions, (1.0, 0.0, 0.0))
        with pytest.raises(ValueError, match="only a walk to a goal can hold the picture"):
            edit_batches(toy, toy.sample(1), scorer, {}, hold="picture", walk=fixed)

    def test_a_network_that_is_not_differentiable_is_refused_at_once(self, scorer):
        class Opaque(torch.nn.Module):
            @torch.no_grad()
            def forward(self, z):
                return z.reshape(-1, 3, 4, 4).tanh()

        made = wrap(Opaque(), 48)
        for walk in (GradientWalk(), BoundaryWalk(scorer.directions)):
            with pytest.raises(ValueError, match=r"this generator gives no gradient.*leave picture out"):
                edit_batches(made, made.sample(1), scorer, {"one": 0.9}, hold="picture", walk=walk)
        with pytest.raises(ValueError, match="this generator gives no gradient: walk along a boundary"):
            edit(made, made.sample(1), scorer, "one")


def test_batches_are_the_whole_in_parts(toy, scorer):
    codes = toy.sample(range(10))
    walk = GradientWalk(batch=1)
    parts = list(edit_batches(toy, codes, scorer, {"one": 0.9}, walk=walk))
    whole = edit(toy, codes, scorer, "one", 0.9, walk=walk)
    assert [len(part) for part in parts] == [4, 4, 2]
    assert torch.equal(torch.cat([part.latents.values for part in parts]), whole.latents.values)
    assert [code for part in parts for code in part.receipt.codes] == whole.receipt.codes
    assert whole.start.seeds is not None


def test_frames_are_kept_on_request(toy, scorer, walker):
    codes = toy.sample(range(5))
    edited = edit(toy, codes, scorer, "one", 0.9, walk=walker, frames=True)
    assert torch.equal(edited.path(2).values[0], codes.values[2])
    assert torch.allclose(edited.path(2).values[-1], edited.latents.values[2], atol=1e-6)
    with pytest.raises(ValueError, match="kept no frames"):
        edit(toy, codes, scorer, "one", 0.9, walk=walker).path(0)


class Brightness:
    """Mean and spread of the pixels, for pictures of any size."""

    attributes = ("bright", "varied")

    def __call__(self, images, /):
        return torch.stack([40 * images.mean((1, 2, 3)), 40 * (images.std((1, 2, 3)) - 0.2)], 1)


def boundaries(space, size):
    vectors = torch.linalg.qr(torch.randn(size, 2, generator=torch.Generator().manual_seed(0)))[0].T
    named = zip(Brightness.attributes, vectors, strict=True)
    return Directions(tuple(Direction(name, vector.contiguous(), space) for name, vector in named))


@pytest.mark.parametrize("way", ["gradient", "boundary"])
@pytest.mark.parametrize("space", ["z", "w"])
def test_an_edit_sees_pictures_as_the_generator_draws_them(way, space):
    """Every number and every picture of an edit is that of the options, in every space, with the labels."""
    network = random_stylegan2(replace(SIZES, classes=3, embedding=4))
    options = {"truncation": 0.6, "cutoff": 4, "noise": "none"}
    view, scorer = network.with_options(**options), Brightness()
    codes = network.map(network.sample(range(5), labels=[0, 1, 2, 0, 1]), space)
    walk = (
        GradientWalk(max_steps=3, batch=2)
        if way == "gradient"
        else BoundaryWalk(boundaries(space, codes.values.shape[1]))
    )
    edited = edit(view, codes, scorer, "bright", 0.9, walk=walk, hold="varied", judge=Brightness(), frames=True)
    drawn = network.render(edited.latents, RenderOptions(**options))
    assert (edited.images - drawn).abs().max() < 1e-5 and (drawn - network.render(edited.latents)).abs().max() > 1e-2
    assert (edited.after - scorer(drawn)).abs().max() < 1e-3
    assert (edited.before - scorer(network.render(codes, RenderOptions(**options)))).abs().max() < 1e-3
    assert edited.reached.tolist() == [code.after["bright"] >= 0.9 for code in edited.receipt.codes]
    assert edited.receipt.recipe.drawing == view.options
    assert edited.latents.labels.tolist() == edited.receipt.recipe.codes.labels == [0, 1, 2, 0, 1]
    path = edited.path(2)
    assert path.labels.tolist() == [2] * len(path) and torch.allclose(path.values[-1], edited.latents.values[2])
    assert view.render(path).isfinite().all()


def test_a_judge_that_knows_none_of_the_goals_says_nothing(toy, scorer):
    class Stranger(ToyScorer):
        attributes = ("x", "y", "z")

        def __init__(self):
            super().__init__()
            self.attributes = ("x", "y", "z")

    edited = edit(toy, toy.sample([0]), scorer, "one", judge=Stranger())
    assert edited.receipt.codes[0].confirmed is None


def test_any_function_scores(toy):
    """A function that gives [n] is a scorer of one attribute; it may carry the attribute's name."""

    def red(images):
        return images[:, 0].mean((1, 2))

    edited = edit(toy, toy.sample([0, 1]), red, "score", 0.6)
    assert edited.scorer.attributes == ("score",) and edited.after.shape == (2, 1)
    assert edited.receipt.recipe.scorer.source.endswith(":test_any_function_scores.<locals>.red")
    red.attributes = ("red",)
    named = edit(toy, toy.sample([0, 1]), red, "red", 0.6, judge=red)
    assert torch.equal(named.after, edited.after) and named.receipt.codes[0].confirmed == bool(named.reached[0])


def test_goals_in_every_way_to_write_them(toy, scorer):
    codes = toy.sample([0])
    ways = [
        edit(toy, codes, scorer, ["one", "two"], 0.9),
        edit(toy, codes, scorer, {"one": 0.9, "two": 0.9}),
        edit(toy, codes, scorer, "one", 0.9, goals={"two": 0.9}),
        edit(toy, codes, scorer, ["one"], 0.9, goals={"two": 0.9}),
    ]
    assert all(way.receipt.recipe.goals == {"one": 0.9, "two": 0.9} for way in ways)
    assert all(torch.equal(way.latents.values, ways[0].latents.values) for way in ways)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"attribute": "oen"}, "no attribute 'oen': this scorer knows one"),
        ({"attribute": "one", "target": 1.0}, "between 0 and 1"),
        ({"attribute": "one", "target": 0.0}, "between 0 and 1"),
        ({}, "expected at least one attribute"),
        ({"attribute": []}, "expected at least one attribute"),
        ({"goals": {"one": "up"}}, "such as goals={'smiling': 0.9}, got 'one': 'up'"),
        ({"attribute": [3]}, "such as goals={'smiling': 0.9}, got 3: 0.995"),
        ({"attribute": "one", "judge": "faces64-judge"}, r"load it with load_scorer\('faces64-judge'\)"),
        ({"attribute": "one", "hold": "none"}, "no attribute 'none'"),
        ({"attribute": "one", "hold": ["one"]}, "held and changed at once"),
        ({"attribute": "one", "walk": object()}, "such as GradientWalk"),
    ],
)
def test_bad_wishes_are_refused_in_words(toy, scorer, options, message, unchecked):
    with pytest.raises(ValueError, match=message):
        edit(toy, toy.sample([0]), scorer, **options)


def test_codes_of_another_generator_are_refused(toy, tiny, scorer):
    with pytest.raises(ValueError, match=r"has the shape \[16\], got \[8\]"):
        edit(toy, tiny.sample([0]), scorer, "one")
