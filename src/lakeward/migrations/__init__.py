"""One linear history of the schema: plain SQL files, applied in name order by `lakeward.runtime.migrate`."""
