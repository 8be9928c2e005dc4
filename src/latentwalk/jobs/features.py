"""What pictures are looked at closely by, out of names."""

from collections.abc import Callable

import torch

from latentwalk.features.imagenet import imagenet_features
from latentwalk.features.inception import inception_features
from latentwalk.features.network import Features, NetworkFeatures, PixelFeatures
from latentwalk.scorers.classifier import Classifier
from latentwalk.scores import Scorer


def features_of(judge: Scorer) -> Features:
    """What to look at closely: the stages of a judge that is a network of ours, pixels where it is any function."""
    if not isinstance(judge, Classifier):
        return PixelFeatures()
    return NetworkFeatures(f"{judge.source or 'judge'}, before its last layer", judge, judge.layer_names)


FEATURES: dict[str, Callable[[Scorer, torch.device], Features]] = {
    "judge": lambda judge, device: features_of(judge),
    "imagenet": lambda judge, device: imagenet_features(device),
    "inception": lambda judge, device: inception_features(device),
    "pixels": lambda judge, device: PixelFeatures(),
}
"""What can be looked at closely, by name: the judge (`features_of`), networks that know no judge, or pixels."""
