import dataclasses

import pytest
import torch

from latentwalk.direction import Direction, Directions
from latentwalk.scores import logit, score
from latentwalk.walk import Goal
from latentwalk.walks.boundary import BoundaryWalk, smallest
from toys import BIAS, GAIN, BlindScorer, ToyScorer

TRUTH = ToyScorer(entangled=True)
ALONG = BoundaryWalk(TRUTH.directions)
UP = Goal("one", 0.995)


@pytest.fixture(scope="module")
def codes(toy):
    return toy.sample(range(24))


def logits(toy, codes, scorer=TRUTH):
    return score(toy, scorer, codes)


class Bumpy(BlindScorer):
    """The first logit rises, falls and rises again: 6 sin(3 c) + c, so that a target is crossed several times."""

    def __call__(self, images, /):
        flat = super().__call__(images)
        c = (flat[:, :1] - BIAS[0]) / GAIN
        return torch.cat([6 * (3 * c).sin() + c, flat[:, 1:]], 1)


class TestOneGoal:
    def test_every_code_arrives_and_no_further_than_it_must(self, toy, codes) -> None:
        walk = ALONG.walk(toy, codes, TRUTH, [UP])
        assert walk.reached.all()
        over = logits(toy, walk.latents)[:, 0] - logit(0.995)
        assert (over >= 0).all()
        least, most = ALONG.margin - 1e-4, ALONG.margin + GAIN * ALONG.tolerance + 1e-4
        moved = over[logits(toy, codes)[:, 0] < logit(0.995)]
        assert ((moved >= least) & (moved <= most)).all()

    def test_a_small_target_is_fallen_to(self, toy, codes) -> None:
        walk = ALONG.walk(toy, codes, TRUTH, [Goal("one", 0.1)])
        assert walk.reached.all()
        under = logit(0.1) - logits(toy, walk.latents)[:, 0]
        moved = logits(toy, codes)[:, 0] > logit(0.1)
        assert moved.any()
        assert (under >= 0).all()
        assert (under[moved] < 0.1).all()

    def test_codes_move_along_the_direction_alone(self, toy, codes) -> None:
        move = ALONG.walk(toy, codes, TRUTH, [UP]).latents.values - codes.values
        vector = TRUTH.directions["one"].vector
        assert torch.allclose(move, (move @ vector)[:, None] * vector, atol=1e-5)
        assert (move @ vector >= 0).all()

    def test_codes_that_are_there_stay_there(self, toy, codes) -> None:
        there = TRUTH.directions["one"].place(codes, 4.0)
        walk = ALONG.walk(toy, there, TRUTH, [UP])
        assert torch.equal(walk.latents.values, there.values)
        assert walk.reached.all()
        assert (walk.steps == 0).all()

    def test_no_gradient_is_needed(self, toy, codes) -> None:
        seeing, blind = (ALONG.walk(toy, codes, s, [UP]) for s in (TRUTH, BlindScorer(entangled=True)))
        assert blind.reached.all()
        assert torch.equal(seeing.latents.values, blind.latents.values)

    def test_the_first_crossing_counts(self, toy, codes) -> None:
        """Beside the code that is found, one tolerance back, the target is not reached, nor anywhere before."""
        direction = ToyScorer().directions["one"]
        walk = BoundaryWalk(ToyScorer().directions, stride=0.1).walk(toy, codes, Bumpy(), [Goal("one", 0.99)])
        assert walk.reached.all()
        way = direction.distance(walk.latents) - direction.distance(codes)
        for part in torch.linspace(0, 1, 30)[:-1]:
            before = direction.shift(codes, (way - 0.02).clamp(min=0) * part)
            moved = way > 0.05
            assert (logits(toy, before, Bumpy())[moved, 0] < logit(0.99) + 0.05).all()

    def test_company_does_not_matter(self, toy, codes) -> None:
        together = ALONG.walk(toy, codes, TRUTH, [UP])
        for i in range(0, len(codes), 6):
            alone = ALONG.walk(toy, codes[i], TRUTH, [UP])
            assert torch.allclose(alone.latents.values, together.latents.values[i : i + 1], atol=1e-5)
            assert alone.steps == together.steps[i]

    def test_finished_codes_are_not_drawn_again(self, toy, codes) -> None:
        seen = []

        class Counting(ToyScorer):
            def __call__(self, images, /):
                seen.append(len(images))
                return super().__call__(images)

        walk = ALONG.walk(toy, codes, Counting(entangled=True), [UP])
        moved = int((walk.steps > 0).sum())
        assert sum(seen) == len(codes) + int(walk.steps.sum()), "a look at all, and the search"
        assert int(walk.steps.sum()) < moved * int(walk.steps.max()), "some are done before others"
        assert torch.allclose(walk.after, logits(toy, walk.latents), atol=1e-5), "the last look is not taken twice"

    def test_the_given_codes_and_their_labels_stay(self, toy, codes) -> None:
        before = codes.values.clone()
        ALONG.walk(toy, codes, TRUTH, [UP])
        assert torch.equal(codes.values, before)


class TestUnreached:
    def test_codes_out_of_reach_are_not_passed_off(self, toy, codes) -> None:
        walk = dataclasses.replace(ALONG, reach=1.0).walk(toy, codes, TRUTH, [UP])
        there = logits(toy, walk.latents)[:, 0] >= logit(0.995)
        assert torch.equal(walk.reached, there)
        assert not walk.reached.all()
        before, after = (TRUTH.directions["one"].distance(at)[~there] for at in (codes, walk.latents))
        assert torch.allclose(after, before.clamp(min=1), atol=1e-5), "the end of the reach is the closest"

    def test_what_is_given_back_is_the_closest(self, toy, codes) -> None:
        """A logit that never gets to its target: the highest of its waves within reach wins."""
        walk = BoundaryWalk(ToyScorer().directions, reach=3.0, stride=0.1).walk(
            toy, codes, Bumpy(), [Goal("one", 0.99999)]
        )
        assert not walk.reached.any()
        direction = ToyScorer().directions["one"]
        got = logits(toy, walk.latents, Bumpy())[:, 0]
        for strength in torch.linspace(0, 5, 40):
            tried = direction.shift(codes, strength)
            inside = direction.distance(tried) <= 3
            assert (got >= logits(toy, tried, Bumpy())[:, 0] - 0.1)[inside].all()

    def test_a_direction_that_leads_away_leaves_the_codes_alone(self, toy, codes) -> None:
        back = Directions((Direction("one", -TRUTH.directions["one"].vector),))
        walk = BoundaryWalk(back).walk(toy, codes, TRUTH, [UP])
        reached = logits(toy, codes)[:, 0] >= logit(0.995)
        assert torch.equal(walk.reached, reached)
        assert torch.equal(walk.latents.values, codes.values)

    def test_a_scorer_that_says_nothing_reaches_nothing(self, toy, codes) -> None:
        class Mute(ToyScorer):
            def __call__(self, images, /):
                return super().__call__(images) * torch.nan

        walk = ALONG.walk(toy, codes, Mute(), [UP])
        assert not walk.reached.any()
        assert torch.equal(walk.latents.values, codes.values)

    def test_codes_that_are_past_the_reach_do_not_go_back(self, toy, codes) -> None:
        far = TRUTH.directions["one"].place(codes, 2.0)
        walk = dataclasses.replace(ALONG, reach=1.0).walk(toy, far, TRUTH, [UP])
        assert not walk.reached.any()
        assert torch.equal(walk.latents.values, far.values)


class TestHeldAndSeveral:
    def test_held_attributes_stay(self, toy, codes) -> None:
        walk = ALONG.walk(toy, codes, TRUTH, [UP], held=["two", "three"])
        assert walk.reached.all()
        before, after = logits(toy, codes), logits(toy, walk.latents)
        assert torch.allclose(before[:, 1:], after[:, 1:], atol=1e-4)

    def test_without_holding_they_would_have_moved(self, toy, codes) -> None:
        walk = ALONG.walk(toy, codes, TRUTH, [UP])
        assert (logits(toy, walk.latents) - logits(toy, codes))[:, 1].max() > 1

    def test_several_goals_are_reached_together_by_the_shortest_way(self, toy, codes) -> None:
        """Where logits are linear the shortest way solves B delta = r, with B the rows of vectors."""
        wanted = torch.tensor([logit(0.995), logit(0.05)])
        before = logits(toy, codes)[:, :2]
        both = ((wanted - before).sign() == torch.tensor([1, -1])).all(1)
        assert both.sum() > 12, "most codes miss both goals"
        start, before = codes[both], before[both]
        goals = [UP, Goal("two", 0.05)]
        walk = BoundaryWalk(TRUTH.directions, reach=20, margin=0, tolerance=1e-3).walk(toy, start, TRUTH, goals)
        assert walk.reached.all()
        vectors = torch.stack([TRUTH.directions[name].vector for name in ("one", "two")])
        shortest = (wanted - before) / GAIN @ torch.linalg.pinv(vectors).T
        assert torch.allclose(walk.latents.values - start.values, shortest, atol=0.01)

    def test_the_order_of_goals_does_not_matter(self, toy, codes) -> None:
        goals = [UP, Goal("two", 0.1), Goal("three", 0.9)]
        walks = [BoundaryWalk(TRUTH.directions, reach=20).walk(toy, codes, TRUTH, g) for g in (goals, goals[::-1])]
        assert walks[0].reached.all()
        assert torch.allclose(walks[0].latents.values, walks[1].latents.values, atol=0.05)

    def test_one_goal_of_two_is_not_enough(self, toy, codes) -> None:
        far = Goal("two", 1 - 1e-9)  # a logit of 21 is ten units away
        walk = ALONG.walk(toy, codes, TRUTH, [Goal("one", 0.6), far])
        assert (logits(toy, walk.latents)[:, 0] >= logit(0.6)).all()
        assert not walk.reached.any()


class TestPaths:
    def test_they_are_even_and_end_where_the_walk_does(self, toy, codes) -> None:
        walk = dataclasses.replace(ALONG, frames=7).walk(toy, codes, TRUTH, [UP], keep_paths=True)
        assert len(walk.paths) == len(codes)
        for i, path in enumerate(walk.paths):
            assert path.shape == (7, 16)
            assert torch.equal(path[0], codes.values[i])
            assert torch.equal(path[-1], walk.latents.values[i])
            moves = path.diff(dim=0)
            assert torch.allclose(moves, moves.mean(0).expand_as(moves), atol=1e-5)

    def test_they_are_kept_only_when_asked_for(self, toy, codes) -> None:
        assert ALONG.walk(toy, codes, TRUTH, [UP]).paths == ()


class TestSmallest:
    ROOM = torch.full((50,), 6.0)

    def test_it_finds_planted_thresholds(self) -> None:
        at = torch.linspace(0, 5.9, 50)
        found, looks = smallest(lambda rows, s: at[rows] - s, at, self.ROOM, 0.5, 0.001)
        assert ((found - at >= 0) & (found - at <= 0.001)).all()
        assert looks[0] == 0
        assert (looks <= (at / 0.5).ceil() + 1).all(), "one look within the stride, where what is missing is linear"

    @pytest.mark.parametrize("bend", [0.1, 1.0, 8.0])
    def test_a_bent_curve_takes_a_few_looks_more(self, bend: float) -> None:
        at = torch.linspace(0.1, 5.9, 50)

        def missing(rows, s):
            return torch.expm1(bend * (at[rows] - s))

        found, looks = smallest(missing, missing(torch.arange(50), 0), self.ROOM, 1.0, 0.01)
        assert (found >= at - 1e-6).all()
        assert (found - at <= 0.02).all()
        assert (looks <= at.ceil() + 12).all()

    def test_the_room_is_never_left(self) -> None:
        room = torch.linspace(0, 3, 50)

        def missing(rows, s):
            assert (s >= 0).all()
            assert (s <= room[rows]).all()
            return 10 - s

        found, _ = smallest(missing, torch.full_like(room, 10.0), room, 0.7, 0.01)
        assert torch.equal(found, room)

    def test_no_rows_are_no_trouble(self) -> None:
        found, looks = smallest(lambda rows, s: s, torch.empty(0), torch.empty(0), 0.5, 0.01)
        assert len(found) == len(looks) == 0


@pytest.mark.parametrize(
    ("goals", "held", "message"),
    [
        ([], [], "expected at least one goal, got none"),
        ([Goal("four")], [], "no attribute 'four': this scorer knows"),
        ([UP], ["four"], "no attribute 'four': this scorer knows"),
        ([UP], ["one"], "expected every attribute once, as a goal or held, got one, one"),
        ([UP, Goal("one", 0.1)], [], "expected every attribute once, as a goal or held, got one, one"),
    ],
)
def test_goals_that_cannot_be_are_refused(toy, codes, goals, held, message) -> None:
    with pytest.raises(ValueError, match=message):
        ALONG.walk(toy, codes, TRUTH, goals, held)


def test_an_attribute_without_a_direction_is_refused(toy, codes) -> None:
    only = BoundaryWalk(Directions(TRUTH.directions.items[:1]))
    for goals, held in (([Goal("two")], []), ([UP], ["two"])):
        with pytest.raises(ValueError, match="no direction 'two': there are 0"):
            only.walk(toy, codes, TRUTH, goals, held)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"reach": 0.0}, r"the reach of a walk is above 0, got 0.0"),
        ({"stride": -1.0}, r"the stride of a walk is above 0, got -1.0"),
        ({"tolerance": 0.0}, r"the tolerance of a walk is above 0, got 0.0"),
        ({"margin": -1.0}, "expected a margin of at least 0, one round or more and two frames or more, got -1.0, 3"),
        ({"rounds": 0}, r"got 0.05, 0 and 10"),
        ({"frames": 1}, r"got 0.05, 3 and 1"),
    ],
)
def test_settings_out_of_range_are_refused(wrong, message) -> None:
    with pytest.raises(ValueError, match=message):
        BoundaryWalk(TRUTH.directions, **wrong)
