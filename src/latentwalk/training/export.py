"""From a trained module to a file of our own, and back as something that is fixed."""

from pathlib import Path

from latentwalk.scorers.classifier import Classifier


def export(trained: Classifier, path: str | Path) -> Classifier:
    """Write what was trained, and return what everybody else will load from the file: frozen, with `source` set.

    Whoever trains goes on with this and not with the network in memory, so that both see the same weights: those of the
    file are rounded. A trained generator goes the same way: the weights of its network become the state of a family in
    `generators`, `checkpoints.own.write` writes that, and `jobs.load.load` reads it. The network that was trained is
    never handed on itself, because a loaded generator is fixed and knows no training mode.
    """
    trained.save(path)
    return Classifier.load(path)
