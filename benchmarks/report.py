"""The table on the terminal, and the page in docs/: what was asked, what came out, under which conditions."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.forms import FORMS, Form
from benchmarks.goals import AtMost, Line
from benchmarks.measure import NOISE, Outcome
from benchmarks.scenarios import LINES


@dataclass(frozen=True)
class Row:
    """One line with what each server did."""

    line: Line
    outcomes: dict[str, Outcome]  # by form

    @property
    def ours(self) -> Outcome | None:
        return self.outcomes.get("lakeward")

    @property
    def best(self) -> Outcome | None:
        """The best form of the reference in this line."""
        rivals = [self.outcomes[form.key] for form in FORMS if form.is_reference and form.key in self.outcomes]
        if not rivals:
            return None
        return (max if self.line.more_is_better else min)(rivals, key=lambda outcome: outcome.value)

    @property
    def ratio(self) -> float | None:
        """The median of the rounds' ratios: the servers take turns, so those of one round met the same machine."""
        ours, best = self.ours, self.best
        if ours is None or best is None:
            return None
        if len(ours.values) != len(best.values):
            return self.line.ratio(ours.value, best.value)
        ratios = [self.line.ratio(*pair) for pair in zip(ours.values, best.values, strict=True)]
        return statistics.median(ratios)

    def verdict(self) -> str:
        if (
            self.ours is None
            or self.line.must is None
            or (self.ratio is None and not isinstance(self.line.must, AtMost))
        ):
            return ""
        if self.line.aim is not None and self.line.aim.met(self.ratio, self.ours.value):
            return "aim met"
        return "met" if self.line.must.met(self.ratio, self.ours.value) else "MISSED"


def rows(outcomes: Iterable[Outcome]) -> list[Row]:
    by_line: dict[str, dict[str, Outcome]] = {}
    for outcome in outcomes:
        by_line.setdefault(outcome.line, {})[outcome.server] = outcome
    return [Row(line, by_line[line.key]) for line in LINES if line.key in by_line]


def figure(value: float | None) -> str:
    """Three significant digits, thousands apart."""
    if value is None:
        return "-"
    if value >= 1000:
        digits = 10 ** max(0, len(str(int(value))) - 3)
        return f"{round(value / digits) * digits:,.0f}"
    return f"{value:.3g}"


def times(ratio: float | None) -> str:
    return "-" if ratio is None else f"{figure(ratio)}x"


def _table(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """A Markdown table whose columns line up in plain text too."""
    lines = [list(head), *[list(cells) for cells in body]]
    widths = [max(len(cells[column]) for cells in lines) for column in range(len(head))]
    written = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"
        for cells in lines
    ]
    rule = "| " + " | ".join("-" * width for width in widths) + " |"
    return "\n".join([written[0], rule, *written[1:]])


def _shown(forms: Iterable[Row]) -> list[Form]:
    present = {key for row in forms for key in row.outcomes}
    return [form for form in FORMS if form.key in present]


def summary(found: list[Row]) -> str:
    """Every line with every server, the ratio to the best form, and what was asked."""
    forms = _shown(found)
    head = ["line", "unit", *[form.title for form in forms], "ratio to best", "must", "aims at", "", "measured (UTC)"]
    body = [
        [
            row.line.title,
            row.line.unit,
            *[figure(row.outcomes[form.key].value) if form.key in row.outcomes else "-" for form in forms],
            times(row.ratio),
            str(row.line.must or "-"),
            str(row.line.aim or "-"),
            row.verdict(),
            row.ours.at if row.ours is not None else "-",
        ]
        for row in found
    ]
    return _table(head, body)


def costs(found: list[Row]) -> str:
    """Server CPU per operation: what suffers least from a noisy machine."""
    forms = _shown(found)
    head = ["line", *[form.title for form in forms], "ratio to least"]
    body = []
    for row in found:
        cpu = {key: outcome.cpu_ms for key, outcome in row.outcomes.items() if outcome.cpu_ms is not None}
        if not cpu:
            continue
        rivals = [value for key, value in cpu.items() if key != "lakeward"]
        ours = cpu.get("lakeward")
        ratio = min(rivals) / ours if rivals and ours else None
        body.append([row.line.title, *[figure(cpu.get(form.key)) for form in forms], times(ratio)])
    return _table(head, body)


def spreads(found: list[Row]) -> str:
    """How far the repetitions lay apart, the latency of single operations, and the load generator's share."""
    forms = _shown(found)
    head = ["line", *[form.title for form in forms]]
    body = []
    for row in found:
        cells = []
        for form in forms:
            outcome = row.outcomes.get(form.key)
            if outcome is None:
                cells.append("-")
                continue
            parts = [f"±{outcome.spread:.0%}"] if len(outcome.values) > 1 else ["once"]
            if outcome.p50_ms is not None:
                parts.append(f"{figure(outcome.p50_ms)} / {figure(outcome.p95_ms)} ms")
            if outcome.load_share is not None:
                parts.append(f"load {outcome.load_share:.0%}")
            if (outcome.others_share or 0) > NOISE:
                parts.append(f"others {outcome.others_share:.0%}")
            cells.append(", ".join(parts))
        body.append([row.line.title, *cells])
    return _table(head, body)


def goals(found: list[Row]) -> str:
    """One sentence per row: must, aims at, got; and what holds it back from the aim."""
    lines = []
    for row in found:
        if row.line.must is None or row.ours is None:
            continue
        got = f"{figure(row.ours.value)} {row.line.unit}"
        if row.ratio is not None:
            got += f", {times(row.ratio)}"
        aim = f"aims at {row.line.aim}" if row.line.aim else "no further aim"
        sentence = f"- {row.line.title}: must {row.line.must}, {aim}, got {got} ({row.verdict()})."
        held_back = row.verdict() != "aim met" and row.line.note
        lines.append(f"{sentence} {row.line.note}" if held_back else sentence)
    return "\n".join(lines)


def page(found: list[Row], conditions: dict[str, Any]) -> str:
    """docs/benchmarks.md."""
    told = "\n".join(f"- {name}: {value}" for name, value in conditions.items())
    return f"""# Benchmarks

Lakeward next to MLflow 3.17.2's own server in its three usual forms, all on one machine. What counts is the ratio to
the **best** of MLflow's forms in each line; absolute figures move with the machine. `make bench` makes this page again
(some 55 minutes on this machine) and then that of [the pages in a browser](benchmarks-ui.md) (20 minutes), `make bench
ARGS="--lines NAME"` one group of lines.

Every server starts on a fresh directory. All stand side by side and take turns before each repetition; who is not
measured is stopped meanwhile. All meet the same load: the bytes that the mlflow 3.17 client sends over http, over
keep-alive connections, each of which starts its next request when the last is answered. After each line that writes,
everything that was acknowledged is counted through the public API; a difference stops the run.

## Conditions

{told}

## Results

{summary(found)}

"ratio to best": how many times better than the best form of MLflow, the median of the rounds' ratios. A line without
"must" is shown for information.
Searches over 100,000 and a million runs are in [search plans](search-plans.md).

## Must, aims at, got

{goals(found)}

## Server CPU per operation

Milliseconds of CPU of the whole process tree, database included, per operation (per metric, where the line counts
metrics; per transfer, for the large file; per start).

{costs(found)}

## Spread, latency, load

Distance between the extreme repetitions in parts of the median; p50 / p95 of single operations; the part of one core
that the load generator took; and what other processes of the machine took, where that is more than a fifth of a core.

{spreads(found)}
"""
