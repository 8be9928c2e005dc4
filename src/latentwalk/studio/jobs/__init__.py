"""What a page may ask for that takes longer than a picture: one file each."""

from latentwalk.studio.jobs.job import Job
from latentwalk.studio.jobs.walk import Walk

JOBS: dict[str, type[Job]] = {"walk": Walk}
"""By the name that a message gives in its field `job`."""
