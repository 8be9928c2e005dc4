"""Likeness to a face as a loss: nothing for the same face, and nothing at all where there are no faces."""

from pathlib import Path

import pytest
import torch

from latentwalk.files import write_text
from latentwalk.framing.likeness import Likeness, likeness_of
from latentwalk.framing.sface import PLACES
from latentwalk.framing.template import SAMPLES, Template
from latentwalk.inverter import Perception


@pytest.fixture(scope="module")
def likeness() -> Likeness:
    try:
        return Likeness(PLACES)
    except ValueError as error:
        pytest.skip(str(error))


def test_the_same_face_is_0_away_and_others_are_farther(likeness: Likeness, faces) -> None:
    images = torch.nn.functional.interpolate(faces.render(faces.sample(range(3))), (112, 112), mode="bilinear")
    maps = likeness.maps(images)
    assert isinstance(likeness, Perception) and torch.allclose(likeness.distance(maps, maps), torch.zeros(3), atol=1e-5)
    others = [maps[0].roll(1, 0)]
    expected = 1 - torch.cosine_similarity(maps[0], others[0])
    assert torch.allclose(likeness.distance(maps, others), expected, atol=1e-5) and (expected > 0.1).all()
    grey = images.mean(1, keepdim=True)
    assert torch.allclose(likeness.maps(grey)[0], likeness.maps(grey.expand(-1, 3, -1, -1))[0])


def test_a_generator_without_faces_is_refused(tiny, tmp_path: Path) -> None:
    none = Template(generator=tiny.fingerprint, looked=SAMPLES, found=1, points=[])
    write_text(tmp_path / f"landmarks-{tiny.fingerprint}.json", none.model_dump_json())
    with pytest.raises(ValueError, match=f"draws none .found in 1 of {SAMPLES}"):
        likeness_of(tiny, tmp_path)
