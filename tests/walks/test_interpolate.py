import math

import pytest
import torch

from latentwalk.latents import Latents
from latentwalk.walks.interpolate import HOW, interpolate, through

A, B, C = (Latents(torch.randn(1, 20, generator=torch.Generator().manual_seed(seed))) for seed in range(3))
KEYS = Latents(torch.cat([A.values, B.values, C.values]))


def angles(codes: Latents) -> torch.Tensor:
    """Angle between each code and the next."""
    rays = torch.nn.functional.normalize(codes.values.double(), dim=1)
    return (rays[1:] * rays[:-1]).sum(1).clamp(-1, 1).acos()


@pytest.mark.parametrize("how", HOW)
class TestBoth:
    @pytest.mark.parametrize("steps", [2, 3, 10])
    def test_the_ends_are_exact(self, how, steps) -> None:
        codes = interpolate(A, B, steps, how)
        assert codes.values.shape == (steps, 20)
        assert torch.equal(codes.values[0], A.values[0])
        assert torch.equal(codes.values[-1], B.values[0])

    def test_the_way_back_is_the_same(self, how) -> None:
        there, back = interpolate(A, B, 7, how), interpolate(B, A, 7, how)
        assert torch.allclose(there.values, back.values.flip(0), atol=1e-6)

    def test_from_a_code_to_itself_nothing_moves(self, how) -> None:
        assert torch.allclose(interpolate(A, A, 5, how).values, A.values.expand(5, 20), atol=1e-6)

    def test_from_0_there_is_only_the_line(self, how) -> None:
        codes = interpolate(A.with_values(0 * A.values), B, 5, how)
        assert torch.allclose(codes.values[2], B.values[0] / 2)

    def test_shape_space_and_precision_stay(self, how) -> None:
        deep = Latents(torch.randn(2, 4, 5, dtype=torch.float64), "w+")
        codes = interpolate(deep[0], deep[1], 5, how)
        assert codes.values.shape == (5, 4, 5)
        assert (codes.space, codes.values.dtype) == ("w+", torch.float64)

    def test_every_key_is_passed_exactly(self, how) -> None:
        codes = through(KEYS, 5, how)
        assert len(codes) == 2 * 4 + 1
        assert torch.equal(codes.values[::4], KEYS.values)

    def test_legs_are_interpolations(self, how) -> None:
        codes = through(KEYS, 5, how)
        assert torch.equal(codes.values[:5], interpolate(A, B, 5, how).values)
        assert torch.equal(codes.values[4:], interpolate(B, C, 5, how).values)

    def test_a_loop_comes_back_without_repeating_its_first_frame(self, how) -> None:
        codes = through(KEYS, 5, how, loop=True)
        assert len(codes) == 3 * 4
        assert torch.equal(codes.values[::4], KEYS.values)
        assert torch.equal(codes.values[8:], interpolate(C, A, 5, how).values[:-1])


def test_the_line_has_even_steps() -> None:
    moves = interpolate(A, B, 6, "lerp").values.diff(dim=0)
    assert torch.allclose(moves, moves[0].expand_as(moves), atol=1e-6)


def test_the_arc_has_even_angles_and_even_lengths() -> None:
    codes = interpolate(A, B, 6)
    assert torch.allclose(angles(codes), angles(codes)[0].expand(5), atol=1e-6)
    assert torch.allclose(codes.values.norm(dim=1).diff(), (B.values.norm() - A.values.norm()) / 5, atol=1e-5)


def test_the_arc_is_the_formula_of_shoemake() -> None:
    a, b = (code.values[0].double() / code.values.norm().double() for code in (A, B))
    w = (a @ b).acos()
    t = torch.linspace(0, 1, 6, dtype=torch.float64)[:, None]
    expected = (((1 - t) * w).sin() * a + (t * w).sin() * b) / w.sin()
    found = interpolate(Latents(a[None]), Latents(b[None]), 6)
    assert torch.allclose(found.values, expected, atol=1e-9)


def test_parallel_codes_stay_on_their_ray() -> None:
    codes = interpolate(A, A.with_values(3 * A.values), 5)
    assert torch.allclose(codes.values, A.values * torch.tensor([[1.0], [1.5], [2.0], [2.5], [3.0]]), atol=1e-5)


@pytest.mark.parametrize("off", [0.0, 1e-9, 1e-4])
def test_opposite_codes_go_round_and_not_through_0(off) -> None:
    far = A.with_values(-2 * A.values.double() + off)
    codes = interpolate(A.to("cpu", torch.float64), far, 9)
    assert codes.values.norm(dim=1).min() > 0.99 * A.values.norm()
    assert torch.allclose(angles(codes), torch.tensor(math.pi / 8, dtype=torch.float64), atol=1e-3)


def test_one_class_stays_and_class_vectors_go_evenly() -> None:
    numbers = interpolate(Latents(A.values, labels=torch.tensor([3])), Latents(B.values, labels=torch.tensor([3])), 4)
    assert numbers.labels.tolist() == [3] * 4
    vectors = through(Latents(KEYS.values, labels=torch.eye(3)), 3)
    assert vectors.labels.tolist() == [[1, 0, 0], [0.5, 0.5, 0], [0, 1, 0], [0, 0.5, 0.5], [0, 0, 1]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((A, B, 1), r"expected at least 2 steps \(both ends count\), got 1"),
        ((A, B, 5, "cubic"), "no interpolation 'cubic': there are slerp, lerp"),
        ((KEYS, B), "expected one start code, got 3: choose one with"),
        ((A, KEYS), "expected one end code, got 3"),
        ((A, Latents(B.values, "w")), r"expected codes of one space, got \['w', 'z'\]"),
        ((A, Latents(B.values[:, :8])), r"expected codes of one shape, got \[20\] and \[8\]"),
        ((A, Latents(B.values, labels=torch.tensor([1]))), "some batches carry class labels and some do not"),
        (
            (Latents(A.values, labels=torch.tensor([0])), Latents(B.values, labels=torch.tensor([1]))),
            "codes of different class numbers have no class in between",
        ),
    ],
)
def test_what_has_nothing_in_between_is_refused(arguments, message) -> None:
    with pytest.raises(ValueError, match=message):
        interpolate(*arguments)


def test_one_key_is_no_way() -> None:
    with pytest.raises(ValueError, match="expected at least 2 codes to go through, got 1"):
        through(A)


def test_mapped_codes_go_straight_by_default() -> None:
    ends = torch.randn(2, 6, generator=torch.Generator().manual_seed(0))
    for space, how in (("z", "slerp"), ("w", "lerp"), ("w+", "lerp"), ("s", "lerp")):
        codes = Latents(ends, space)
        assert torch.equal(through(codes, 5).values, through(codes, 5, how).values)
