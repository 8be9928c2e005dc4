"""Which pictures a step sees."""

import pytest
import torch

from latentwalk.training.order import Order


@pytest.mark.parametrize(("count", "batch"), [(24, 4), (10, 4), (3, 7), (5, 5)])
def test_an_epoch_sees_every_picture_once(count, batch):
    order = Order(count, batch)
    seen = torch.cat([order.rows(step) for step in range(4 * count)])
    epochs = seen[: len(seen) // count * count].view(-1, count)
    assert all(torch.equal(epoch.sort().values, torch.arange(count)) for epoch in epochs)
    assert len({tuple(epoch.tolist()) for epoch in epochs[:4]}) > 1, "each has an order of its own"


def test_a_step_sees_the_same_wherever_a_run_begins():
    order = Order(10, 4)
    rows = [order.rows(step) for step in range(20)]
    assert all(torch.equal(Order(10, 4).rows(step), rows[step]) for step in range(20))
    assert torch.equal(order.rows(3), rows[3]), "also on the way back"
