"""One of several processes that learn together: `test_ranks` starts them. Arguments: a folder, then names of recipes.

Each trains every recipe some steps and writes its whole state to FOLDER/RECIPE-RANK.pt; the first one keeps a checkpoint
of a longer run on the way, FOLDER/RECIPE.pt.
"""

import sys
from pathlib import Path

import torch
from test_ranks import STEPS, Stop, fresh, stop_at

from latentwalk.training import loop
from latentwalk.training.loop import train
from latentwalk.training.ranks import join

if __name__ == "__main__":
    torch.set_num_threads(1)
    loop.EVERY = -1.0
    folder, ranks = Path(sys.argv[1]), join("cpu")
    for name in sys.argv[2:]:
        learner, losses = fresh(name, ranks), []
        try:
            stop = stop_at(STEPS)
            train(learner, 2 * STEPS, 3, folder / f"{name}.pt", stop, lambda _done, now: losses.append(now), ranks.first)  # noqa: B023
        except Stop:
            torch.save({"state": learner.state_dict(), "losses": losses[-1]}, folder / f"{name}-{ranks.rank}.pt")
