"""The differentiable SFace is the one that OpenCV runs; skipped where the extra `photos` is not installed."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from latentwalk.framing.identity import Identity
from latentwalk.framing.sface import PLACES, SFace
from latentwalk.images import to_bytes
from latentwalk.numerics.similarity import inverse, move, similarity


@pytest.fixture(scope="module")
def identity() -> Identity:
    try:
        return Identity()
    except ValueError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def placed(faces) -> torch.Tensor:
    """Images [4, 3, 112, 112], whole bytes; that the faces are not exactly at their places does not matter here."""
    images = F.interpolate(faces.render(faces.sample(range(4))), (112, 112), mode="bilinear")
    return torch.from_numpy(to_bytes(images)).permute(0, 3, 1, 2).float() / 127.5 - 1


def test_it_is_the_network_that_opencv_runs(identity: Identity, placed: torch.Tensor) -> None:
    found = SFace(PLACES)(placed)
    for image, vector in zip(to_bytes(placed), found, strict=True):
        expected = identity._network.feature(np.ascontiguousarray(image[:, :, ::-1])).ravel()
        assert float(vector.numpy() @ expected / np.linalg.norm(expected)) > 0.9999


@pytest.mark.usefixtures("identity")
def test_faces_are_brought_to_their_places(placed: torch.Tensor) -> None:
    """An image that holds them turned and larger gives what they give themselves."""
    away = similarity(1.5, 20, (56, 56), (110, 100))
    network = SFace(move(away, PLACES))
    size = np.array([220, 200])
    back = inverse(away)
    half, middle = size / 2, np.array([56.0, 56.0])
    theta = np.column_stack([back[:, :2] * half / 56, (back[:, :2] @ half + back[:, 2] - middle) / 56])
    grid = F.affine_grid(torch.from_numpy(theta).float().expand(4, -1, -1), [4, 3, 200, 220], align_corners=False)
    turned = F.grid_sample(placed, grid, align_corners=False)
    faces = network.faces(turned)[:, :, 15:-15, 15:-15]
    assert (faces - placed[:, :, 15:-15, 15:-15]).abs().mean() < 0.01


@pytest.mark.usefixtures("identity")
def test_gradients_reach_the_images(placed: torch.Tensor) -> None:
    network = SFace(PLACES).double()
    start = placed[:1].double()
    goal = network(placed[1:2].double()).detach()
    image = start.clone().requires_grad_()
    cosine = (network(image) * goal).sum()
    (gradient,) = torch.autograd.grad(cosine, image)
    step = 1e-4 * gradient / gradient.norm()
    change = (network(start + step) * goal).sum() - (network(start - step) * goal).sum()
    assert change / 2e-4 == pytest.approx(gradient.norm().item(), rel=1e-3)
