"""One mlflow, which speaks to the server in any of its dialects.

Run as a program it reads a request a line, and answers each with a line; so a test can speak by an mlflow that is
installed elsewhere.
"""

import json
import os
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path
from typing import Any

SCHEMES = {"http": "{url}", "databricks-uc": "databricks-uc", "native": "databricks-uc", "uc": "uc:{url}"}


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """`{"did": value}`, or `{"refused": error code, "message": text}`."""
    if request["do"] in _DO_WITH_FILES:
        return {"did": _DO_WITH_FILES[request["do"]](*request["args"])}
    from databricks.sdk.errors import DatabricksError
    from mlflow.exceptions import MlflowException

    try:
        return {"did": _DO[request["do"]](_enter(request), *request["args"])}
    except MlflowException as error:
        return {"refused": error.error_code, "message": str(error)}
    except DatabricksError as error:  # of the Files API, where an answer without a body says nothing else
        code = "PERMISSION_DENIED" if type(error).__name__ == "PermissionDenied" else error.error_code or ""
        return {"refused": code, "message": str(error)}


def _enter(request: dict[str, Any]) -> Any:
    """The client of this dialect, for whoever has this token."""
    for name in ("MLFLOW_TRACKING_TOKEN", "MLFLOW_UC_OSS_TOKEN", "DATABRICKS_TOKEN"):
        os.environ[name] = request["token"]
    os.environ["DATABRICKS_HOST"] = request["url"]
    os.environ["MLFLOW_ENABLE_UC_NATIVE_MODEL_REGISTRY"] = str(request["dialect"] == "native").lower()
    import mlflow
    from mlflow.tracking._model_registry.registry import ModelRegistryStoreRegistry

    ModelRegistryStoreRegistry._get_store_with_resolved_uri.cache_clear()  # it remembers which surface was chosen
    registry = SCHEMES[request["dialect"]].format(url=request["url"])
    mlflow.set_tracking_uri(request["url"])
    mlflow.set_registry_uri(registry)
    return mlflow.MlflowClient(tracking_uri=request["url"], registry_uri=registry)


def _make(client: Any, name: str, comment: str, source: str) -> str:
    client.create_registered_model(name, description=comment)
    return _make_version(client, name, source)


def _make_version(client: Any, name: str, source: str) -> str:
    made = client.create_model_version(name, source)
    assert made.status == "READY", made.status
    return str(made.version)


def _see(client: Any, name: str) -> list[Any]:
    """What it says of itself, and its versions."""
    found = client.search_model_versions(f"name='{name}'")
    return [client.get_registered_model(name).description or "", sorted(str(each.version) for each in found)]


def _status(client: Any, name: str, version: str) -> str:
    return client.get_model_version(name, version).status


def _load(client: Any, uri: str) -> list[float]:
    """What the model says to 1 and 2. Loaded from a directory of its own, which is left empty."""
    import mlflow

    with tempfile.TemporaryDirectory() as folder:
        path = mlflow.artifacts.download_artifacts(uri, dst_path=folder)
        return [float(each) for each in mlflow.pyfunc.load_model(path).predict([1.0, 2.0])]


def _make_prompt(client: Any, name: str, template: str, alias: str) -> None:
    made = client.register_prompt(name, template)
    client.set_prompt_alias(name, alias, made.version)


def _load_prompt(client: Any, uri: str) -> str:
    """Asked of the server each time; the older client keeps none."""
    import mlflow

    fresh = {} if mlflow.__version__.startswith("2.") else {"cache_ttl_seconds": 0}
    return client.load_prompt(uri, **fresh).template


def _write_delta(location: str, numbers: list[int]) -> int:
    """Add rows to a table, which may be new; its version."""
    import deltalake
    import pyarrow as pa

    deltalake.write_deltalake(location, pa.table({"n": pa.array(numbers, pa.int64())}), mode="append")
    return deltalake.DeltaTable(location).version()


def _read_delta(location: str) -> list[int]:
    """The sum of the rows, as `deltalake` reads them and as DuckDB does."""
    import deltalake
    import duckdb

    table = deltalake.DeltaTable(location)
    connection = duckdb.connect()
    files = [urllib.parse.unquote(urllib.parse.urlsplit(each).path) for each in table.file_uris()]
    [(total,)] = connection.execute("SELECT sum(n)::bigint FROM read_parquet($1)", [files]).fetchall()
    connection.close()
    return [sum(table.to_pyarrow_table()["n"].to_pylist()), total]


def _is_there(location: str) -> bool:
    """Files of what was deleted go a moment later."""
    path = Path(urllib.parse.unquote(urllib.parse.urlsplit(location).path))
    deadline = time.monotonic() + 20
    while path.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    return path.exists()


_DO = {
    "make": _make,
    "make_version": _make_version,
    "see": _see,
    "status": _status,
    "load": _load,
    "describe": lambda client, name, comment: client.update_registered_model(name, comment).description,
    "alias": lambda client, name, alias, version: client.set_registered_model_alias(name, alias, version),
    "by_alias": lambda client, name, alias: str(client.get_model_version_by_alias(name, alias).version),
    "unalias": lambda client, name, alias: client.delete_registered_model_alias(name, alias),
    "rename": lambda client, name, new: client.rename_registered_model(name, new) and None,  # 2.22 answers with nothing
    "delete_version": lambda client, name, version: client.delete_model_version(name, version),
    "delete": lambda client, name: client.delete_registered_model(name),
    "make_prompt": _make_prompt,
    "load_prompt": _load_prompt,
    "find_prompts": lambda client, asked: [each.name for each in client.search_prompts(asked)],
}
_DO_WITH_FILES = {"write_delta": _write_delta, "read_delta": _read_delta, "is_there": _is_there}


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")  # clients print what they like
    os.dup2(2, 1)
    if "mlflow" in sys.argv[1:]:
        import mlflow.pyfunc  # noqa: F401 - it takes seconds, in which the other side does something else

    for line in sys.stdin:
        answers.write(json.dumps(answer(json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
