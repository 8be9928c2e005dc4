"""A picture that was searched in vain shows what came near."""

import numpy as np
from PIL import Image

from latentwalk.pictures.layout import MARGIN
from latentwalk.pictures.searched import searched
from latentwalk.pictures.text import RED

GREY = Image.new("RGB", (200, 120), (90, 90, 90))


def test_boxes_are_where_they_were_seen_and_the_rest_is_the_picture() -> None:
    sheet = np.asarray(searched(GREY, [(50.0, 40.0, 60.0, 50.0)], [0.41], "no face"))
    inner = sheet[MARGIN : MARGIN + 120, MARGIN : MARGIN + 200]
    red = (inner == RED).all(-1)
    assert red[40, 50:111].all() and red[40:91, 50].all() and red[40:91, 110].all() and red[90, 50:111].all()
    assert (inner[95:, :] == 90).all() and (inner[45:85, 55:105] == 90).all()
    assert sheet.shape[0] > 120 + 2 * MARGIN, "and a line beneath"


def test_boxes_may_reach_beyond_the_picture() -> None:
    plain = searched(GREY, [], [], "no face")
    assert searched(GREY, [(-40.0, -30.0, 500.0, 90.0)], [0.3], "no face").size == plain.size
