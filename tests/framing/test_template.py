"""Where a generator draws faces is found, kept, and not made up."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from latentwalk.framing.landmarks import Face, _distinct
from latentwalk.framing.template import MIRRORED, average, face_template
from latentwalk.numerics.similarity import move, similarity
from planted_faces import MEAN, SpotDetector, blank_generator, faces_generator

SEEDS = range(10)


def test_the_planted_face_is_found_wherever_it_stands() -> None:
    template = face_template(faces_generator(), detector=SpotDetector())
    assert template.found == template.looked == 100
    assert np.abs(template.array - MEAN).max() < 0.2


def test_other_samples_give_the_same_template() -> None:
    generator, detector = faces_generator(), SpotDetector()
    one, other = (face_template(generator, detector=detector, seeds=range(s, s + 100)).array for s in (100, 200))
    assert 0 < np.linalg.norm(one - other, axis=1).max() < 0.5


def test_a_generator_of_something_else_has_no_template() -> None:
    template = face_template(blank_generator(), detector=SpotDetector())
    assert template.points == [] and template.found == 0


def test_a_template_is_kept_by_the_fingerprint(tmp_path: Path) -> None:
    generator, detector = faces_generator(), SpotDetector()
    first = face_template(generator, tmp_path, detector, SEEDS)
    looks = detector.looks
    assert face_template(generator, tmp_path, detector, SEEDS) == first and detector.looks == looks
    assert [path.name for path in tmp_path.iterdir()] == [f"landmarks-{generator.fingerprint}.json"]
    face_template(blank_generator(), tmp_path, detector, SEEDS)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda facts: "{",
        lambda facts: "[]",
        lambda facts: json.dumps(facts | {"generator": "0" * 16}),
        lambda facts: json.dumps(facts | {"detector": "another"}),
        lambda facts: json.dumps(facts | {"looked": 3}),
        lambda facts: json.dumps(facts | {"points": facts["points"][:4]}),
        lambda facts: json.dumps(facts | {"points": [[1, 2, 3]] * 5}),
        lambda facts: json.dumps(facts | {"points": [["x", 2]] * 5}),
        lambda facts: json.dumps(facts | {"more": 1}),
    ],
)
def test_a_file_that_is_not_this_template_is_written_again(tmp_path: Path, damage) -> None:
    generator, detector = faces_generator(), SpotDetector()
    kept = face_template(generator, tmp_path, detector, SEEDS)
    (path,) = tmp_path.iterdir()
    path.write_text(damage(json.loads(path.read_text())))
    assert face_template(generator, tmp_path, detector, SEEDS) == kept
    assert face_template(generator, tmp_path, seeds=SEEDS) == kept, "read again without a detector"


def test_the_average_forgets_false_faces_and_turned_heads() -> None:
    random = np.random.default_rng(0)
    faces = MEAN + random.normal(0, 0.2, (60, 5, 2))
    faces[:5] += 12  # found somewhere in the background
    faces[:, 2, 0] += random.normal(0.5, 4, 60)  # noses point anywhere
    assert np.abs(average(faces) - MEAN).max() < 0.35


def test_the_average_is_symmetric_about_its_own_axis() -> None:
    tilted = move(similarity(1.3, 11, (16, 16), (12, 20)), MEAN)
    faces = tilted + np.random.default_rng(1).normal(0, 0.5, (40, 5, 2))
    mean = average(faces)
    distances = np.linalg.norm(mean[:, None] - mean[None], axis=-1)
    assert np.allclose(distances, distances[MIRRORED][:, MIRRORED])
    assert np.abs(mean - tilted).max() < 0.4, "a generator may draw faces tilted"


def test_a_face_that_was_found_at_several_sizes_is_one() -> None:
    boxes = [(10.0, 10.0, 20.0, 20.0, 0.7), (11.0, 9.0, 21.0, 20.0, 0.9), (60.0, 10.0, 8.0, 8.0, 0.8)]
    faces = [Face(np.zeros((5, 2)), (x, y, w, h), score) for x, y, w, h, score in boxes]
    assert [face.score for face in _distinct(faces)] == [0.9, 0.8]


class Doubtful(SpotDetector):
    """Sees a large face that is none, and a small one that may be."""

    def __init__(self, score: float) -> None:
        super().__init__()
        self.score = score

    def look(self, picture: Image.Image) -> list[Face]:
        half = picture.width / 2
        return [
            Face(np.zeros((5, 2)), (0, 0, half, half), 0.65),
            Face(np.ones((5, 2)), (half, half, half / 2, half / 2), self.score),
        ]


@pytest.mark.parametrize(("score", "sizes"), [(0.9, [40]), (0.7, [80, 40])])
def test_doubtful_faces_count_only_where_there_are_no_others(score: float, sizes: list[int]) -> None:
    found = Doubtful(score).search(Image.new("RGB", (160, 160)))
    assert [round(face.size) for face in found] == sizes
