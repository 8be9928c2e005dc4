"""Whether two pictures show one person: SFace (Zhong et al., 2021), run by OpenCV. Nothing is fitted to it."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from latentwalk.framing.landmarks import EXTRA, PACKAGE, Detector, opencv
from latentwalk.framing.template import look_closely, look_scale, look_size
from latentwalk.images import to_pictures
from latentwalk.packaged import packaged_bytes

SFACE = "models/face_recognition_sface_2021dec_int8bq.onnx"
SFACE_SHA256 = "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee"

SAME = 0.363
"""The cosine above which OpenCV's documentation takes two faces for one person."""


class Identity:
    """Embeddings of faces. Raises ValueError when the extra `photos` is not installed."""

    name = "SFace"

    def __init__(self, detector: Detector | None = None) -> None:
        weights = np.frombuffer(packaged_bytes(PACKAGE, SFACE, SFACE_SHA256, EXTRA), np.uint8)
        self._detector = Detector() if detector is None else detector
        self._network: Any = opencv().FaceRecognizerSF.create("onnx", weights, np.empty(0, np.uint8))

    def embed(
        self, picture: Image.Image, landmarks: Float[np.ndarray, "5 2"] | None = None
    ) -> Float[np.ndarray, "128"] | None:
        """The embedding, of norm 1, of the largest face of an RGB picture; None when no face is found.

        The picture is one face that fills it, as generators draw them. landmarks: where they are in it, if known.
        """
        large = picture.resize(look_size(picture.size), Image.Resampling.LANCZOS)
        points = look_closely(self._detector, large) if landmarks is None else landmarks * look_scale(picture.size)
        if points is None:
            return None
        row = np.concatenate([[0, 0, *large.size], points.ravel(), [1]]).astype(np.float32)[None]
        pixels = np.ascontiguousarray(np.asarray(large)[:, :, ::-1])
        vector = self._network.feature(self._network.alignCrop(pixels, row)).ravel().astype(np.float64)
        return vector / max(float(np.linalg.norm(vector)), 1e-12)

    def compare(
        self,
        first: Float[Tensor, "n c h w"],
        second: Float[Tensor, "n c h w"],
        landmarks: Float[np.ndarray, "5 2"] | None = None,
    ) -> Float[Tensor, "n"]:
        """Cosines of pairs of images in [-1, 1]; NaN where no face is found in one of them.

        landmarks: of aligned images, which all have them at the same places; without it each is searched.
        """
        pairs = zip(to_pictures(first), to_pictures(second), strict=True)
        found = [(self.embed(one, landmarks), self.embed(other, landmarks)) for one, other in pairs]
        return torch.tensor([float("nan") if a is None or b is None else float(a @ b) for a, b in found])
