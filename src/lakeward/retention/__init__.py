"""Retention: how long the spans of traces stay in the database, and the Delta tables they move to then.

An experiment says it by its tag `mlflow.trace.archivalRetention`, as MLflow spells it, or the server's setting does.
Each experiment has two tables in the catalog, one of traces and one of spans, that need rights on the experiment as
well as the catalog's, and live as long as it. A batch is planned in the database, written to both tables, and taken out
of the database in one transaction: whoever is killed between, the next one goes on where it was. A trace's row, what is
said of it and what metrics sum up stay; its spans are read from where they are, and come back on demand.
"""

from lakeward.retention.moves import apply, move_now, sweep
from lakeward.retention.returns import bring_back, day_ms
from lakeward.retention.terms import ARCHIVE_NOW, RETENTION

__all__ = ["ARCHIVE_NOW", "RETENTION", "apply", "bring_back", "day_ms", "move_now", "sweep"]
