import dataclasses
import json

import pytest
import torch
from safetensors.torch import save_file

from latentwalk.direction import Direction, Directions
from latentwalk.latents import Latents
from latentwalk.origin import Origin, Source

SIZE = 40


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def unit_vector(seed: int, size: int = SIZE) -> torch.Tensor:
    vector = random(size, seed=seed).double()
    return (vector / vector.norm()).float()


def direction(seed: int, **changes) -> Direction:
    return Direction(f"d{seed}", unit_vector(seed), **changes)


ONE = direction(1, unit=1.7, offset=-0.9)
CODES = Latents(random(50, SIZE))


class TestStrength:
    def test_place_puts_every_code_at_the_strength(self) -> None:
        assert torch.allclose(ONE.distance(ONE.place(CODES, 2.0)), torch.tensor(2.0), atol=1e-5)

    def test_the_boundary_is_where_code_times_vector_plus_offset_is_0(self) -> None:
        on = ONE.place(CODES, 0.0)
        assert torch.allclose(on.values @ ONE.vector + ONE.offset, torch.tensor(0.0), atol=1e-5)

    def test_shift_adds_units(self) -> None:
        moved = ONE.shift(CODES, 1.5)
        assert torch.allclose(ONE.distance(moved), ONE.distance(CODES) + 1.5, atol=1e-5)
        assert torch.allclose((moved.values - CODES.values).norm(dim=1), torch.tensor(1.5 * 1.7), atol=1e-5)

    def test_shifts_add_up_and_lead_back(self) -> None:
        there = ONE.shift(ONE.shift(CODES, 1.0), 2.0)
        assert torch.allclose(there.values, ONE.shift(CODES, 3.0).values, atol=1e-5)
        assert torch.allclose(ONE.shift(there, -3.0).values, CODES.values, atol=1e-5)

    def test_the_last_place_counts(self) -> None:
        assert torch.allclose(ONE.place(ONE.place(CODES, 5.0), -1.0).values, ONE.place(CODES, -1.0).values, atol=1e-5)

    def test_placing_a_code_where_it_is_leaves_it(self) -> None:
        assert torch.allclose(ONE.place(CODES, ONE.distance(CODES)).values, CODES.values, atol=1e-5)

    def test_every_code_may_have_its_own_strength(self) -> None:
        strengths = torch.linspace(-3, 3, 50)
        assert torch.allclose(ONE.distance(ONE.place(CODES, strengths)), strengths, atol=1e-5)
        assert torch.allclose(ONE.distance(ONE.shift(CODES, strengths)) - ONE.distance(CODES), strengths, atol=1e-5)

    def test_codes_keep_their_shape_labels_and_precision(self) -> None:
        deep = Latents(random(3, 4, 10).double(), labels=torch.arange(3))
        moved = ONE.place(deep, 1.0)
        assert moved.values.shape == (3, 4, 10)
        assert moved.values.dtype == torch.float64
        assert torch.equal(moved.labels, deep.labels)

    @pytest.mark.parametrize("move", ["shift", "place"])
    def test_a_wrong_number_of_strengths_is_refused(self, move) -> None:
        with pytest.raises(ValueError, match="expected one strength, or one per code, got 7 for 50 codes"):
            getattr(ONE, move)(CODES, torch.zeros(7))

    def test_codes_of_another_space_are_refused(self) -> None:
        message = r"the direction 'd1' moves z codes by 40 numbers, got w codes of the shape \[40\]: map them first"
        with pytest.raises(ValueError, match=message):
            ONE.shift(Latents(CODES.values, "w"), 1.0)
        with pytest.raises(ValueError, match=r"got z codes of the shape \[8\]$"):
            ONE.distance(Latents(random(2, 8)))


class TestConditioned:
    @pytest.mark.parametrize("count", [1, 2, 5, SIZE - 1])
    def test_it_is_orthogonal_to_any_number_of_others(self, count) -> None:
        others = [direction(seed) for seed in range(2, 2 + count)]
        rest = ONE.conditioned(others)
        assert max(abs(float(rest.vector @ other.vector)) for other in others) < 1e-6
        assert rest.vector.norm() == pytest.approx(1, abs=1e-6)
        assert rest.vector @ ONE.vector > 0

    def test_without_others_it_stays(self) -> None:
        assert ONE.conditioned([]) is ONE

    def test_orthogonal_others_change_nothing(self) -> None:
        other = direction(2).conditioned([ONE])
        assert torch.allclose(ONE.conditioned([other]).vector, ONE.vector, atol=1e-6)
        assert ONE.conditioned([other]).offset == pytest.approx(ONE.offset)

    def test_repeated_and_dependent_others_count_once(self) -> None:
        two, three = direction(2), direction(3)
        mixed = Direction("mixed", torch.nn.functional.normalize(two.vector - 3 * three.vector, dim=0))
        plain = ONE.conditioned([two, three])
        for others in ([two, three, two], [two, two, three, three], [two, three, mixed], [mixed, two, three]):
            assert torch.allclose(ONE.conditioned(others).vector, plain.vector, atol=1e-5)

    def test_conditioning_again_changes_nothing(self) -> None:
        others = [direction(2), direction(3)]
        once = ONE.conditioned(others)
        again = once.conditioned(others)
        assert torch.allclose(once.vector, again.vector, atol=1e-6)
        assert once.offset == pytest.approx(again.offset, rel=1e-5)

    def test_moving_along_it_leaves_the_others_and_moves_the_first(self) -> None:
        others = [direction(2), direction(3, offset=1.0)]
        moved = ONE.conditioned(others).shift(CODES, 3.0)
        for other in others:
            assert torch.allclose(other.distance(moved), other.distance(CODES), atol=1e-5)
        assert (ONE.distance(moved) > ONE.distance(CODES)).all()

    def test_everything_but_vector_unit_and_offset_stays(self) -> None:
        special = dataclasses.replace(ONE, layers=(0, 4), range=(-1.0, 2.0))
        rest = special.conditioned([direction(2)])
        assert (rest.name, rest.space, rest.layers, rest.range) == ("d1", "z", (0, 4), (-1.0, 2.0))

    def test_normal_codes_have_the_same_unit_and_lie_on_the_old_boundary_on_average(self) -> None:
        codes = Latents(random(20_000, SIZE, seed=9))
        one = direction(1, offset=-1.5)
        near = torch.nn.functional.normalize(one.vector + unit_vector(2), dim=0)
        rest = one.conditioned([Direction("near", near)])
        assert rest.vector @ one.vector < 0.8, "otherwise there is nothing to see"
        assert rest.unit == 1
        assert rest.distance(codes).std() == pytest.approx(1, abs=0.02)
        assert one.distance(rest.place(codes, 0.0)).mean() == pytest.approx(0, abs=0.02)

    def test_other_codes_are_measured(self) -> None:
        spread = torch.linspace(0.1, 3, SIZE)
        codes = Latents(random(5000, SIZE, seed=9) * spread + 2, "w")
        one = direction(1, space="w", unit=9.0, offset=-1.5)
        rest = one.conditioned([direction(2, space="w"), direction(3, space="w")], codes)
        assert rest.distance(codes).std() == pytest.approx(1, abs=1e-4)
        assert one.distance(rest.place(codes, 0.0)).mean() == pytest.approx(0, abs=1e-4)

    def test_a_population_of_another_width_is_refused(self) -> None:
        with pytest.raises(ValueError, match=f"by {SIZE} numbers, got z codes of the shape"):
            ONE.conditioned([direction(2)], Latents(random(20, SIZE + 1)))

    def test_nothing_left_is_refused(self) -> None:
        message = "nothing of 'd1' is left outside d1, d2: hold fewer"
        with pytest.raises(ValueError, match=message):
            ONE.conditioned([ONE, direction(2)])
        with pytest.raises(ValueError, match="nothing of 'd1' is left"):
            ONE.conditioned([direction(seed) for seed in range(2, SIZE + 10)])

    @pytest.mark.parametrize("other", [direction(2, space="w"), Direction("d2", unit_vector(2, 8))])
    def test_others_of_another_space_are_refused(self, other) -> None:
        with pytest.raises(ValueError, match=r"'d1' moves z codes of 40 numbers, 'd2' . codes of .*one space"):
            ONE.conditioned([other])


def test_turned_is_the_same_line_the_other_way() -> None:
    one = direction(1, offset=0.5, range=(-1.0, 4.0))
    turned = one.turned()
    assert torch.allclose(turned.distance(CODES), -one.distance(CODES), atol=1e-5)
    assert turned.range == (-4.0, 1.0) and turned.turned().range == one.range


class TestDirections:
    ALL = Directions(
        (ONE, direction(2, layers=(1, 3), range=(-1.0, 4.0))),
        Origin(method="made up", generator=Source(source="", fingerprint="abc"), seed=2, classes=[3, 1]),
    )

    def test_they_are_a_sequence_with_names(self) -> None:
        assert len(self.ALL) == 2
        assert list(self.ALL)[1] is self.ALL[1] is self.ALL["d2"] is self.ALL[-1]

    @pytest.mark.parametrize("count", [0, 1, 9, 300])
    def test_a_prompt_shows_them_in_at_most_three_lines(self, count) -> None:
        found = repr(Directions(tuple(direction(i) for i in range(count)), Origin(generator=Source(source="g.pkl"))))
        assert len(found.splitlines()) <= 3 and len(found) < 200
        assert f"{count} directions" in found and "of g.pkl" in found and ("d0" in found) == (count > 0)

    def test_an_unknown_name_is_refused_with_the_nearest(self) -> None:
        with pytest.raises(ValueError, match=r"no direction 'd22': there are 1 \(d2\), 0 \(d1\)"):
            self.ALL["d22"]
        with pytest.raises(ValueError, match="no direction 'd1': there are none"):
            Directions(())["d1"]

    def test_a_file_keeps_everything(self, tmp_path) -> None:
        self.ALL.save(tmp_path / "all.safetensors")
        back = Directions.load(tmp_path / "all.safetensors", "abc")
        assert back.origin == self.ALL.origin
        for one, other in zip(self.ALL, back, strict=True):
            assert torch.equal(one.vector, other.vector)
            for name in ("name", "space", "unit", "offset", "layers", "range"):
                assert getattr(one, name) == getattr(other, name)

    def test_directions_of_another_generator_are_refused(self, tmp_path) -> None:
        self.ALL.save(tmp_path / "all.safetensors")
        with pytest.raises(ValueError, match="was made for the generator abc, this one is xyz: find the directions"):
            Directions.load(tmp_path / "all.safetensors", "xyz")

    def test_files_that_hold_something_else_are_refused(self, tmp_path) -> None:
        file = tmp_path / "file.safetensors"
        with pytest.raises(ValueError, match="is not a readable file of directions"):
            Directions.load(file)
        file.write_bytes(b"no tensors")
        with pytest.raises(ValueError, match="is not a readable file of directions"):
            Directions.load(file)
        save_file({"a": torch.zeros(2)}, file)
        with pytest.raises(ValueError, match=r"holds no directions: expected a file written by Directions.save"):
            Directions.load(file)
        rows = json.dumps([{"name": "one"}])
        save_file({"vector.0": torch.zeros(2)}, file, {"kind": "latentwalk.directions", "rows": rows, "source": "{}"})
        with pytest.raises(ValueError, match="is not a readable file of directions"):
            Directions.load(file)

    def test_vectors_without_norm_1_and_units_without_size_are_refused(self) -> None:
        with pytest.raises(ValueError, match="the vector of a direction has norm 1, got 2 for 'long'"):
            Direction("long", torch.tensor([2.0, 0.0]))
        with pytest.raises(ValueError, match="has norm 1, got nan"):
            Direction("none", torch.tensor([torch.nan, 0.0]))
        with pytest.raises(ValueError, match=r"the unit of a direction is positive, got 0.0 for 'still'"):
            Direction("still", torch.tensor([1.0, 0.0]), unit=0.0)
