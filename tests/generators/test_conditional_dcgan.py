"""A code of noise and a condition: labels reach the picture, and both are one code in zy."""

import json

import pytest
import torch
from pydantic import TypeAdapter

from latentwalk.checkpoints import own
from latentwalk.conditions import Conditions
from latentwalk.files import write_tensors
from latentwalk.generators.conditional_dcgan import ConditionalDCGAN, ConditionalDCGANSizes
from latentwalk.generators.dcgan import DCGAN, BlockSizes
from latentwalk.jobs.load import load
from random_networks import random_conditional_dcgan

NETWORK = random_conditional_dcgan()


def test_the_same_noise_with_another_label_is_another_picture():
    one, other = (NETWORK.render(NETWORK.sample(3, label)) for label in (0, 2))
    assert (one - other).abs().amax((1, 2, 3)).min() > 0.01


def test_numbers_and_vectors_of_a_class_are_the_same():
    vectors = torch.eye(3)[[2, 0]]
    assert torch.equal(NETWORK.render(NETWORK.sample(2, [2, 0])), NETWORK.render(NETWORK.sample(2, vectors)))


def test_both_parts_are_one_code_of_a_plain_network():
    """zy is what a DCGAN of the same weights takes as z."""
    plain = DCGAN(NETWORK.sizes.empty())
    plain.load_state_dict(NETWORK.state_dict())
    plain.freeze()
    codes = NETWORK.map(NETWORK.sample(4, [0, 1, 2, 0]), "zy")
    assert torch.equal(codes.values[:, 5:], torch.eye(3)[[0, 1, 2, 0]])
    assert torch.equal(plain.render(codes.values), NETWORK.render(codes))


def test_what_does_not_fit_is_said():
    with pytest.raises(ValueError, match="codes without labels"):
        NETWORK.render(NETWORK.sample(1))
    with pytest.raises(ValueError, match="cannot go back to 'z'"):
        NETWORK.map(NETWORK.map(NETWORK.sample(1, 0), "zy"), "z")
    with pytest.raises(ValueError, match="noise beside a condition, got 8 of 8"):
        ConditionalDCGANSizes((BlockSizes(8, 6, 4, 1, 0), BlockSizes(6, 3, 4, 2, 1)), 8)


def test_conditions_can_be_asked_for_by_name():
    named = ConditionalDCGAN(NETWORK.sizes.empty(), 3, conditions=Conditions(("glasses", "hat", "beard"), False))
    named.load_state_dict(NETWORK.state_dict())
    named.freeze()
    vectors = torch.tensor([[1.0, 0.5, 0.0], [0.0, 0.0, 1.0], [1.0, 0.5, 0.0]])
    assert torch.equal(named.sample(3, "glasses,hat=0.5/beard").labels, vectors)
    assert torch.equal(named.render(named.sample(3, vectors)), NETWORK.render(NETWORK.sample(3, vectors)))
    with pytest.raises(ValueError, match="no class 'smile': there are glasses, hat, beard"):
        named.sample(1, "smile")
    with pytest.raises(ValueError, match="expected 3 names of conditions, got 1"):
        ConditionalDCGAN(NETWORK.sizes.empty(), 3, conditions=Conditions(("glasses",)))


def test_names_are_in_the_file_and_older_files_have_none(tmp_path):
    named = ConditionalDCGAN(NETWORK.sizes.empty(), 3, conditions=Conditions(("glasses", "hat", "beard"), False))
    named.load_state_dict(NETWORK.state_dict())
    own.write(named.freeze(), tmp_path / "named.safetensors")
    assert load(tmp_path / "named.safetensors").conditions == named.conditions
    tensors, sizes = NETWORK.state_dict(), json.loads(TypeAdapter(ConditionalDCGANSizes).dump_json(NETWORK.sizes))
    del sizes["conditions"]
    header = {"kind": own.KIND, "version": "1", "family": "ConditionalDCGAN", "sizes": json.dumps(sizes)}
    write_tensors(tmp_path / "old.safetensors", tensors, {**header, "fingerprint": NETWORK.fingerprint})
    assert load(tmp_path / "old.safetensors").conditions == Conditions()
