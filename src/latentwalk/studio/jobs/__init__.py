"""What a page may ask for that takes longer than a picture: one file each."""

from latentwalk.studio.jobs.codes import Codes
from latentwalk.studio.jobs.compare import Compare
from latentwalk.studio.jobs.directions import SaveDirections
from latentwalk.studio.jobs.discover import Discover
from latentwalk.studio.jobs.estimate import Estimate
from latentwalk.studio.jobs.film import Film
from latentwalk.studio.jobs.find import Find
from latentwalk.studio.jobs.grid import Grid
from latentwalk.studio.jobs.invert import Invert
from latentwalk.studio.jobs.job import Job
from latentwalk.studio.jobs.keep import Keep
from latentwalk.studio.jobs.label import Label
from latentwalk.studio.jobs.lines import SayLines
from latentwalk.studio.jobs.open import Open
from latentwalk.studio.jobs.put_back import PutBack
from latentwalk.studio.jobs.restore import Restore
from latentwalk.studio.jobs.save import Save
from latentwalk.studio.jobs.sheet import Sheet
from latentwalk.studio.jobs.walk import Walk

JOBS: dict[str, type[Job]] = {
    "walk": Walk,
    "sheet": Sheet,
    "keep": Keep,
    "open": Open,
    "find": Find,
    "invert": Invert,
    "put-back": PutBack,
    "save": Save,
    "grid": Grid,
    "film": Film,
    "codes": Codes,
    "directions": SaveDirections,
    "lines": SayLines,
    "restore": Restore,
    "label": Label,
    "discover": Discover,
    "estimate": Estimate,
    "compare": Compare,
}
"""By the name that a message gives in its field `job`."""
