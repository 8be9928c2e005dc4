"""What a page may ask for that takes longer than a picture: one file each."""

from latentwalk.studio.jobs.job import Job
from latentwalk.studio.jobs.keep import Keep
from latentwalk.studio.jobs.open import Open
from latentwalk.studio.jobs.sheet import Sheet
from latentwalk.studio.jobs.walk import Walk

JOBS: dict[str, type[Job]] = {"walk": Walk, "sheet": Sheet, "keep": Keep, "open": Open}
"""By the name that a message gives in its field `job`."""
