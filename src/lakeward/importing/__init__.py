"""Moving in: everything an MLflow server has, brought over its public API, and compared in the end.

Nothing changes on the source. What comes keeps its ids, times, users and states, and is written through the features
that own it. An import may be cut off anywhere and done again: it goes on, makes nothing twice, and a later one brings
what is new. Its own memory says what came over; without that it only takes longer.
"""

from lakeward.importing.imports import survey, take_over
from lakeward.importing.records import MAX_SHOWN, Compared, Login, Progress, Report, Wanted
from lakeward.importing.source import Source

__all__ = ["MAX_SHOWN", "Compared", "Login", "Progress", "Report", "Source", "Wanted", "survey", "take_over"]
