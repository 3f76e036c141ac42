"""A program that reads some rows of a Delta table, for `sampling`: a process of its own, with little memory.

It takes `{"location", "options", "rows"}` on its standard input and writes what it read, or why it could not, to its
standard output. What lies in a table was written by others: a file that blows up takes this process along, and no
more. It imports nothing of the server, so that it starts fast.
"""

import importlib
import json
import math
import os
import re
import resource
import sys
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any, Final
from urllib.parse import unquote

_MEMORY: Final = 3 << 30  # of data, some of which is only reserved
_MAX_COLUMNS: Final = 200
_MAX_CELL: Final = 500  # characters
_MAX_ANSWER: Final = 1 << 20
_EXACT: Final = 1 << 53  # what JSON's numbers say exactly
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/")


class Unreadable(Exception):
    """Why there is nothing to see, for people."""


def cell(value: Any) -> Any:
    """A value as JSON has it: texts are cut, and whatever is no number, truth or nothing is a text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < _EXACT else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, (bytes, bytearray)):
        text = "0x" + value[: _MAX_CELL // 2].hex()
    elif isinstance(value, (dict, list, tuple)):
        text = json.dumps(plain(value), ensure_ascii=False)
    elif isinstance(value, (datetime, date, time)):
        text = value.isoformat()
    else:
        text = str(value)
    return text if len(text) <= _MAX_CELL else f"{text[: _MAX_CELL - 1]}…"


def plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, (list, tuple)) else cell(value)


def inside(path: str) -> bool:
    """Whether a file of the log is below the table: it may name any place, and this process gets to more than askers.

    A name in the log is a URL, relative to the table or not.
    """
    return not any(
        each.startswith(("/", "\\")) or _SCHEME.match(each) or ".." in each.split("/")
        for each in (path, unquote(path), unquote(unquote(path)))
    )


def read(location: str, options: Mapping[str, str], limit: int) -> dict[str, Any]:
    try:
        deltalake: Any = importlib.import_module("deltalake")
    except ImportError as error:
        raise Unreadable("Rows are read with deltalake: install lakeward[lake] where the server runs.") from error
    if not deltalake.DeltaTable.is_deltatable(location, dict(options) or None):
        return {"written": False}
    table = deltalake.DeltaTable(location, storage_options=dict(options) or None)
    files = [each.as_py() for each in table.get_add_actions().column("path")]
    if not all(map(inside, files)):
        raise Unreadable("The table's log names files outside of the table, which are not read here.")
    names = [field.name for field in table.schema().fields]
    shown = ", ".join('"' + name.replace('"', '""') + '"' for name in names[:_MAX_COLUMNS])
    types = {field.name: type_of(field.type) for field in table.schema().fields}
    answer: dict[str, Any] = {
        "written": True,
        "version": table.version(),
        "files": len(files),
        "columns": [{"name": name, "type": types[name]} for name in names[:_MAX_COLUMNS]],
        "rows": [],
        "more": len(names) > _MAX_COLUMNS,
    }
    size = 0
    if not names:
        return answer
    for batch in deltalake.QueryBuilder().register("t", table).execute(f"SELECT {shown} FROM t LIMIT {limit + 1:d}"):
        columns = [batch.column(at) for at in range(batch.num_columns)]
        for at in range(batch.num_rows):
            row = [cell(column[at].as_py()) for column in columns]
            size += len(json.dumps(row))
            if size > _MAX_ANSWER or len(answer["rows"]) == limit:
                answer["more"] = True
                return answer
            answer["rows"].append(row)
    return answer


def type_of(kind: Any) -> str:
    """`long`, `struct`, `array`: the word of the Delta format."""
    told = json.loads(kind.to_json())
    return told if isinstance(told, str) else str(told.get("type", ""))


def main() -> None:
    asked = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
    os.environ |= {"TOKIO_WORKER_THREADS": "2", "MALLOC_ARENA_MAX": "2"}
    try:
        answer: dict[str, Any] = {"sample": read(asked["location"], asked["options"], asked["rows"])}
    except Unreadable as error:
        answer = {"problem": str(error)}
    except Exception as error:  # noqa: BLE001 - the library has many, and a table may be broken in any way
        answer = {"problem": f"The table cannot be read: {str(error)[:300]}"}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
