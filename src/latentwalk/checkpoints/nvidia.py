"""NVIDIA's StyleGAN2-ADA and StyleGAN3 (PyTorch) as their snapshots hold them: whole modules, with their arguments.

Which family it is, the tensors say: both call their class "Generator".
"""

from latentwalk.checkpoints.candidates import State
from latentwalk.checkpoints.nvidia_stylegan2 import KEY, read_stylegan2
from latentwalk.checkpoints.nvidia_stylegan3 import WAVES, read_stylegan3
from latentwalk.generator import Generator


def matches(tree: object) -> bool:
    """Whether a state is that of a whole module of one of these generators."""
    return isinstance(tree, State) and tree.module is not None and (KEY in tree or WAVES in tree)


def read(tree: State, where: str) -> Generator:
    """The generator of a snapshot, frozen. Raises ValueError that says what did not fit."""
    if tree.module is None:
        raise ValueError(f"{where} holds no module: expected one of StyleGAN2-ADA or StyleGAN3")
    snapshot = tree.module._replace(tensors=dict(tree))
    return read_stylegan2(snapshot, where) if KEY in tree else read_stylegan3(snapshot, where)
