"""One of several processes that learn together: `test_ranks` starts them. Arguments: a folder, then names of recipes.

Each trains every recipe some steps and writes its whole state to FOLDER/RECIPE-RANK.pt. The first one also keeps the
checkpoint of a longer run, FOLDER/RECIPE.pt. All go on from that of "dcgan", and write FOLDER/again-RANK.pt. In the
recipe "broken", one of the others has a loss that is no number.
"""

import sys
from pathlib import Path

import torch
from test_ranks import BAD, fresh, some_steps

from latentwalk.training import loop, trainer
from latentwalk.training.losses import critic_logistic
from latentwalk.training.ranks import join
from latentwalk.training.scene import Scene

if __name__ == "__main__":
    torch.set_num_threads(1)
    loop.EVERY = -1.0
    folder, ranks = Path(sys.argv[1]), join("cpu")
    for name in sys.argv[2:]:
        learner, calls = fresh(name, ranks), iter(range(10**6))

        def broken(scene: Scene, calls=calls) -> torch.Tensor:
            return critic_logistic(scene) * (float("nan") if next(calls) == BAD else 1.0)

        trainer.LOSSES["critic_logistic"] = broken if name == "broken" and ranks.rank == 1 else critic_logistic
        losses = some_steps(learner, folder / f"{name}.pt", ranks.first)
        if name == "dcgan":  # and once more, from where the checkpoint is
            again = fresh(name, ranks)
            some_steps(again, folder / f"{name}.pt", ranks.first)
            torch.save(again.state_dict(), folder / f"again-{ranks.rank}.pt")
        torch.save({"state": learner.state_dict(), "losses": losses}, folder / f"{name}-{ranks.rank}.pt")
