"""Control over a generator that is already trained and stays fixed.

The public names stand in `__init__.pyi`. Each is imported when it is first used: `latentwalk --help` needs no torch.
"""

import lazy_loader

from latentwalk.version import VERSION as __version__

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__all__ += ["__version__"]
