"""What is learned from labels, against what the papers write; critics of pairs; and that labels reach the pictures."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from latentwalk.training.label_critics import (
    BALANCE,
    RATE,
    Classifier,
    CoarseReader,
    ConcatenatedCritic,
    LabelCritic,
    ProjectionCritic,
)
from latentwalk.training.losses import LOSSES
from latentwalk.training.players import ConditionalPlayer
from latentwalk.training.scene import Batch, Scene

ATTRIBUTES = torch.tensor([[1.0, 1.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
CLASSES = torch.eye(3)[[0, 2, 1, 2]]


class Reading(nn.Module):
    """A score, and three logits, that are pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.scale * images.flatten(1)[:, :4]


def scene(critic: nn.Module, table: torch.Tensor, learns: str = "critic") -> Scene:
    torch.manual_seed(0)
    player = ConditionalPlayer(5, (6,), table)
    batch = Batch(torch.randn(4, 3, 8, 8), table, torch.rand(4, 1, 1, 1), player.draw(4))
    made = Scene({"generator": player, "critic": critic}, batch, True, torch.float32)
    made.turn((learns,))
    return made


def logits(images: torch.Tensor) -> torch.Tensor:
    return images.flatten(1)[:, 1:4]


@pytest.mark.parametrize("which", ["critic", "generator"])
def test_attributes_are_read_one_by_one(which):
    made = scene(Reading(), ATTRIBUTES, which)
    images, labels = (made.real, ATTRIBUTES) if which == "critic" else (made.fake, made.wanted)
    p = logits(images).sigmoid()
    expected = -(labels * p.log() + (1 - labels) * (1 - p).log()).sum(1).mean()
    assert LOSSES[f"{which}_labels"](made).item() == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize("which", ["critic", "generator"])
def test_of_classes_there_is_one(which):
    made = scene(Reading(), CLASSES, which)
    images, labels = (made.real, CLASSES) if which == "critic" else (made.fake, made.wanted)
    expected = -logits(images).softmax(1)[torch.arange(4), labels.argmax(1)].log().mean()
    assert LOSSES[f"{which}_labels"](made).item() == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize("kind", [ConcatenatedCritic, ProjectionCritic])
def test_a_critic_of_pairs_looks_at_both(kind):
    torch.manual_seed(0)
    critic: LabelCritic = kind((6,), 3)
    images = torch.randn(4, 3, 8, 8)
    plain = critic(images, ATTRIBUTES)
    assert plain.shape == (4, 1)
    assert not torch.allclose(critic(images, 1 - ATTRIBUTES), plain)
    assert not torch.allclose(critic(images.flip(0), ATTRIBUTES), plain)


def test_a_projection_is_the_score_and_an_inner_product():
    torch.manual_seed(0)
    critic, images = ProjectionCritic((6,), 3), torch.randn(4, 3, 8, 8)
    features = critic.features(images)
    parts = torch.einsum("ncij,lcij->nl", features, critic.embedding.weight) + critic.embedding.bias
    expected = critic.score(features).flatten(1)[:, 0] + (parts * (2 * ATTRIBUTES - 1)).sum(1)
    assert torch.allclose(critic(images, ATTRIBUTES)[:, 0], expected, atol=1e-6)


def test_pairs_are_judged_with_their_own_labels_or_wrong_ones():
    critic = ConcatenatedCritic((6,), 3)
    made, turned = scene(critic, ATTRIBUTES), ATTRIBUTES.clone()
    for row, condition in enumerate((0, 1, 2, 0)):
        turned[row, condition] = 1 - turned[row, condition]
    for which, images, labels in (
        ("real", made.real, ATTRIBUTES),
        ("fake", made.fake, made.wanted),
        ("mismatched", made.real, turned),
    ):
        assert torch.allclose(made.scores(which), critic(images, labels)[:, 0], atol=1e-6)
    assert made.scores("real").requires_grad
    mismatch = F.softplus(critic(made.real, turned)).mean()
    assert LOSSES["critic_mismatch"](made).item() == pytest.approx(mismatch.item(), rel=1e-5)


def test_a_wrong_class_is_that_of_another_picture():
    made = scene(ConcatenatedCritic((6,), 3), CLASSES)
    assert torch.equal(made.mismatched, made.wanted)


def controlled(table: torch.Tensor = ATTRIBUTES) -> Scene:
    """A classifier whose answers are pixels."""
    torch.manual_seed(0)
    made = scene(Reading(), table)
    classifier = Classifier((6,), table.shape[1])
    classifier.forward = logits
    return Scene({**made.networks, "classifier": classifier}, made.batch, True, torch.float32)


def test_gamma_grows_while_made_pictures_are_read_worse_than_real_ones():
    made = controlled()
    classifier = made.networks["classifier"]
    made.turn(("classifier",))
    real = LOSSES["classifier_labels"](made).item()
    assert real == pytest.approx(F.binary_cross_entropy_with_logits(logits(made.real), ATTRIBUTES).item() * 3, rel=1e-5)
    made.turn(("generator",))
    fake = F.binary_cross_entropy_with_logits(logits(made.fake), made.wanted).item() * 3
    gamma = 0.5
    classifier.gamma.fill_(gamma)
    for _ in range(3):
        gamma += RATE * (fake - BALANCE * real)
        assert LOSSES["generator_controlled"](made).item() == pytest.approx(gamma * fake, rel=1e-4)
    classifier.gamma.zero_()
    classifier.known.fill_((fake + 1) / BALANCE)
    assert LOSSES["generator_controlled"](made).item() == 0, "never below nothing"
    classifier.known.fill_(float("nan"))
    LOSSES["generator_controlled"](made)
    assert classifier.gamma.isfinite()


def test_pictures_are_changed_for_a_classifier_that_learns():
    torch.manual_seed(0)
    classifier, images = Classifier((6,), 3), torch.randn(4, 3, 8, 8)
    assert not torch.equal(classifier(images), classifier(images))
    classifier.requires_grad_(False)
    assert torch.equal(classifier(images), classifier(images))


@pytest.mark.parametrize("who", ["reader", "generator"])
def test_codes_are_the_class_and_the_first_numbers(who):
    made = scene(Reading(), torch.eye(2))
    made = Scene({**made.networks, "reader": Reading()}, made.batch, True, torch.float32)
    made.turn((who,))
    z, classes = made.batch.drawn
    said = made.fake.flatten(1)[:, :4]
    likely = said[:, :2].log_softmax(1)[torch.arange(4), classes.argmax(1)]
    expected = (0.05 * (said[:, 2:] - z[:, :2]).square().sum(1) - likely).mean()
    assert LOSSES[f"{who}_codes"](made).item() == pytest.approx(expected.item(), rel=1e-5)


def test_a_reader_of_codes_sees_squares_through_noise():
    torch.manual_seed(0)
    reader, images = CoarseReader((6,), 3, outputs=12), torch.randn(4, 3, 8, 8)

    def said(images: torch.Tensor) -> torch.Tensor:
        torch.manual_seed(1)
        return reader(images)

    fine = torch.tensor([1.0, -1.0]).repeat(4).expand(8, 8)
    assert torch.allclose(said(images + fine), said(images), atol=1e-5), "a pattern whose squares are grey"
    assert not torch.allclose(said(images + 1), said(images), atol=1e-2)
    assert not torch.allclose(reader(images), said(images), atol=1e-2), "never twice the same"
    reader.eval()
    assert torch.equal(reader(images), reader(images)), "after training there is no noise"


def test_a_label_reaches_the_picture():
    torch.manual_seed(0)
    player = ConditionalPlayer(5, (6,), ATTRIBUTES)
    z = torch.randn(1, 5)
    drawn = [player(z, label[None]) for label in torch.eye(3)]
    assert not torch.allclose(drawn[0], drawn[1]) and not torch.allclose(drawn[1], drawn[2])
    labels = player.draw(400)[1]
    kinds, counts = labels.unique(dim=0, return_counts=True)
    assert torch.equal(kinds, ATTRIBUTES.unique(dim=0)) and counts.min() > 60, "drawn from those that there are"
