"""What a page may ask for that takes longer than a picture: one file each."""

from latentwalk.studio.jobs.compare import Compare
from latentwalk.studio.jobs.discover import Discover
from latentwalk.studio.jobs.estimate import Estimate
from latentwalk.studio.jobs.job import Job
from latentwalk.studio.jobs.label import Label
from latentwalk.studio.jobs.walk import Walk

JOBS: dict[str, type[Job]] = {
    "walk": Walk,
    "label": Label,
    "discover": Discover,
    "estimate": Estimate,
    "compare": Compare,
}
"""By the name that a message gives in its field `job`."""
