"""A search evaluated in the plainest way, to compare the server with."""

import functools
import math
import re
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Point:
    key: str
    value: float
    ts: int
    step: int
    dataset: str
    digest: str
    run: str

    def on(self, datasets: list[tuple[str, str]]) -> bool:
        return not datasets or any(n == self.dataset and d in ("", self.digest) for n, d in datasets)


@dataclass
class Model:
    id: str
    experiment: str
    name: str
    type: str
    status: str
    run: str
    created: int
    updated: int
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    points: list[Point] = field(default_factory=list)

    def attribute(self, key: str) -> Any:
        return {
            "name": self.name, "model_id": self.id, "model_type": self.type, "status": self.status,
            "source_run_id": self.run, "experiment_id": self.experiment, "creation_time": self.created,
            "last_updated_timestamp": self.updated,
        }[key]  # fmt: skip

    def rank(self, key: str, dataset: str, digest: str) -> float | None:
        """The newest value of a metric on a data set; None if there is none, or no number."""
        chosen = [p for p in self.points if p.key == key and p.on([(dataset, digest)] if dataset else [])]
        if not chosen:
            return None
        latest = max((p.ts, p.step) for p in chosen)
        chosen = [p for p in chosen if (p.ts, p.step) == latest]
        run = min(p.run for p in chosen)
        value = max((p.value for p in chosen if p.run == run), key=lambda v: (math.isnan(v), v))
        return None if math.isnan(value) else value


@dataclass
class Clause:
    """`entity` is attributes, params, tags or metrics."""

    entity: str
    key: str
    op: str
    value: Any

    def __str__(self) -> str:
        if self.op in ("IN", "NOT IN"):
            value = "(" + ", ".join(f"'{each}'" for each in self.value) + ")"
        else:
            value = f"'{self.value}'" if isinstance(self.value, str) else repr(self.value)
        return f"{self.entity}.`{self.key}` {self.op} {value}"

    def holds(self, model: Model, datasets: list[tuple[str, str]]) -> bool:
        if self.entity == "metrics":
            return any(p.key == self.key and p.on(datasets) and self._test(p.value) for p in model.points)
        if self.entity == "attributes":
            return self._test(model.attribute(self.key))
        return self._test((model.params if self.entity == "params" else model.tags).get(self.key))

    def _test(self, found: Any) -> bool:
        if found is None:
            return False
        if self.op in ("LIKE", "ILIKE"):
            pattern = re.escape(self.value).replace("%", ".*").replace("_", ".")
            flags = re.DOTALL | (re.IGNORECASE if self.op == "ILIKE" else 0)
            return re.fullmatch(pattern, found, flags) is not None
        if self.op == "IN":
            return found in self.value
        if self.op == "NOT IN":
            return found not in self.value
        return {
            "=": found == self.value,
            "!=": found != self.value,
            "<": found < self.value if self.op == "<" else None,
            "<=": found <= self.value if self.op == "<=" else None,
            ">": found > self.value if self.op == ">" else None,
            ">=": found >= self.value if self.op == ">=" else None,
        }[self.op]


def search(
    models: list[Model], clauses: list[Clause], datasets: list[tuple[str, str]], orders: list[dict[str, Any]]
) -> list[str]:
    found = [m for m in models if all(c.holds(m, datasets) for c in clauses)]
    if datasets and not any(c.entity == "metrics" for c in clauses):
        found = [m for m in found if any(p.on(datasets) for p in m.points)]
    return [m.id for m in sorted(found, key=functools.cmp_to_key(functools.partial(_compare, orders)))]


def _compare(orders: list[dict[str, Any]], a: Model, b: Model) -> int:
    last = ({"field_name": "creation_time", "ascending": False}, {"field_name": "model_id"})
    for order in (*orders, *last):
        entity, dot, key = order["field_name"].partition(".")
        if dot:
            on = order.get("dataset_name", ""), order.get("dataset_digest", "")
            x, y = a.rank(key, *on), b.rank(key, *on)
            if (x is None) != (y is None):
                return 1 if x is None else -1
        else:
            x, y = a.attribute(entity), b.attribute(entity)
            if entity == "experiment_id":
                x, y = int(x), int(y)
        if x != y:
            return (1 if x > y else -1) * (1 if order.get("ascending", True) else -1)
    return 0
