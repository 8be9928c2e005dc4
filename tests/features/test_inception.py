import pytest
import torch
from torchvision.models import inception_v3

from latentwalk.features.inception import inception_features, weights_file


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where weights are looked for, empty."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    return tmp_path


def test_weights_that_are_not_there_are_asked_for_and_not_fetched(folder) -> None:
    with pytest.raises(ValueError, match=r"not on this machine: put torchvision's inception_v3_google-\w+\.pth into"):
        inception_features()


def test_a_file_that_holds_something_else_is_refused(folder) -> None:
    torch.save({"weight": torch.zeros(3)}, weights_file())
    with pytest.raises(ValueError, match="holds no weights of Inception-V3"):
        inception_features()


def test_embeddings_are_what_the_last_layer_is_given(folder) -> None:
    """The mean of the deepest maps, times the last layer's weights, is what the network itself says."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        state = inception_v3(weights=None, init_weights=False).state_dict()
    for tensor in state.values():
        if tensor.ndim == 4:
            tensor.mul_(6**0.5)  # as of He et al. (2015), or nothing of a picture is left in the last layer
    torch.save(state, weights_file())
    features = inception_features()
    for channels in (1, 3):
        images = torch.rand(1, channels, 40, 40, generator=torch.Generator().manual_seed(1)) * 2 - 1
        with torch.no_grad():
            maps = features.maps(images)
            vectors = features.vectors(maps)
            logits = features.network(features.prepare(images))
            expected = features.network.fc(vectors)
        assert vectors.shape == (1, 2048) and vectors.std() > 0.01
        assert torch.allclose(logits, expected, atol=1e-4, rtol=1e-4)
        assert torch.equal(features.distance(maps, maps), torch.zeros(1))
