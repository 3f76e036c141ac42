"""The client suites: the unmodified `mlflow` client and `databricks-sdk` against a real server on a port.

Nothing here imports `lakeward`: the suites run under any interpreter that has pytest and one of the supported clients
(`scripts/client-suite 317|222|flavours`). The server is a process of its own, started by `server.py`.

- `LAKEWARD_COMMAND` says how to start it; without it the `lakeward` of this environment or of `.venv` is taken.
- `LAKEWARD_TEST_URL` (with `LAKEWARD_TEST_TOKEN`) aims the suites at a server that already runs.
- `LAKEWARD_TEST_REFERENCE=1` says that this server is MLflow's own: only what it answers too is collected. That is
  how the expectations themselves are proved.
"""
