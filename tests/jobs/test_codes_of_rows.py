"""Rows of a job are codes that anybody can make again."""

import pytest
import torch

from latentwalk.jobs.shard_scores import codes_of_rows, good_codes, score_job
from random_networks import random_dcgan, random_pggan


class Redness:
    source, fingerprint, attributes = "redness", "0123456789abcdef", ("red",)

    def __call__(self, images):
        return images[:, :1].mean((2, 3))


@pytest.fixture
def job(tmp_path):
    generator = random_dcgan()
    generator.source = "my_dcgan.pt"
    made = score_job(generator, Redness(), 40, seed=3, batch=8)
    made.write(tmp_path)
    return tmp_path, generator, made


def test_rows_are_those_of_the_whole_table(job):
    folder, generator, made = job
    table = good_codes(generator, made.seed, torch.ones(made.rows, dtype=torch.bool))
    assert torch.equal(codes_of_rows(folder, generator, [7, 0, 39]).values, table.values[[7, 0, 39]])


@pytest.mark.parametrize("rows", [[40], [-1], []])
def test_other_rows_are_refused(job, rows):
    folder, generator, _ = job
    with pytest.raises(ValueError, match="rows 0 to 39"):
        codes_of_rows(folder, generator, rows)


def test_so_is_another_generator(job):
    folder, _, _ = job
    with pytest.raises(ValueError, match="is about the generator"):
        codes_of_rows(folder, random_pggan(), [0])
