"""Every statement is made of fixed fragments and numbered parameters; read from the source, so that no path is missed.

An f-string in a module that speaks SQL may interpolate: constants in capitals, the `$n` that `Parameters.add` returns,
the fragments other functions of these modules return (their own f-strings are judged the same way), and what is built
of such parts. A parameter or an attribute that holds a fragment must be listed below, with whoever adds it having
looked.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "lakeward"
SPEAKS_SQL = sorted(
    path
    for path in SOURCE.rglob("*.py")
    if {path.stem, path.parent.name} & {"store", "search", "trash", "db", "sql", "migrate"}
    and path.name != "records.py"
)
SENDS = {"fetch", "fetchrow", "fetchval", "execute", "executemany", "cursor", "prepare"}
_CAPITALS = re.compile(r"_?[A-Z][A-Z0-9_]*")

# module → parameters and attributes that hold fragments or names of columns and tables, never a caller's words
FRAGMENTS: dict[str, set[str]] = {
    "access/sql.py": {"each"},  # what the kinds say
    "access/store.py": {"way.rows", "way.located", "level.name"},
    "experiments/search.py": {"column", "comparison.op.value"},  # an Op is =, <, ...
    "experiments/store.py": {"query.where", "query.ordering"},
    "identity/search.py": {"column"},  # of COLUMNS
    "identity/store/principals.py": {"query.where", "query.ordering"},
    "lineage/store/links.py": {"source", "columns", "place"},  # what each question is asked of; of _SHAPES
    "logged_models/search.py": {
        "self.columns", "self.joins", "self.where", "alias", "column", "expression", "most", "names", "number", "op",
    },
    "logged_models/store/models.py": {"text"},  # what search.py makes
    "registry/search.py": {"column", "expression", "comparison.op.value"},
    "registry/store/models.py": {"query.where", "query.ordering"},
    "registry/store/versions.py": {"query.where", "query.ordering"},
    "runtime/db.py": {"error", "type(error).__name__"},  # messages, no statement
    "runtime/migrate.py": {"sql"},  # our files
    "runtime/objects/store.py": {"prefix"},  # keys of objects, no statement
    "runtime/sql.py": {"columns", "expression"},
    "tracking/search/resolving.py": {"prefix"},
    "tracking/search/ordering.py": {
        "self.table", "key.kind", "alias", "at", "condition", "mark", "rank", "sign", "value",  # at: 0, 1 or 2
    },
    "tracking/search/predicates.py": {
        "self.table", "self.expression", "self.op", "str(self.op)", "self.field", "table", "seq", "test", "where",
    },
    "tracking/search/statement.py": {
        "self.column", "self.source", "self.where", "self.experiments", "more", "column", "expression",
    },
    "tracking/search/streams.py": {
        "seq", "members.column", "s.experiments", "self._direction", "self.key.table", "self.key.kind", "where",
    },
    "tracking/search/walk.py": {"where", "inner", "sql"},
    "tracing/search/candidates.py": {"each", "tests", "hits"},  # `$n`, what is made of them; digits, no statement
    "tracing/search/conditions.py": {"expression", "op", "column", "name"},  # name: of AMOUNTS
    "tracing/search/measures.py": {"self.percentile"},  # the name of a value in an answer, no statement
    "tracing/search/question.py": {"name"},  # of AMOUNTS
    "tracing/search/walk.py": {"expression", "values", "ordering"},
    "tracing/store/metrics.py": {"number", "places", "grouping", "columns", "source", "conditions"},
}  # fmt: skip


def place(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def defined() -> set[str]:
    """Functions and methods of these modules that return text."""
    texts = ("str", "str | None", "list[str]", "tuple[str, ...]", "tuple[str, str]")
    return {
        node.name
        for path in SPEAKS_SQL
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.returns
        and ast.unparse(node.returns) in texts
    }


RETURNS_TEXT = defined()


class Judge:
    """Says of an expression in one function whether it can only be fixed text."""

    def __init__(self, function: ast.AST, listed: set[str]) -> None:
        self.listed = listed
        self.bound: dict[str, list[ast.expr]] = {}
        for node in ast.walk(function):
            self._bind(node)
        self._asked: set[str] = set()

    def _bind(self, node: ast.AST) -> None:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self._pair(target, node.value)
        elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr) and node.value is not None:
            self._pair(node.target, node.value)
        elif isinstance(node, ast.For | ast.comprehension):
            counted = isinstance(node.iter, ast.Call) and ast.unparse(node.iter.func) == "enumerate"
            if counted and isinstance(node.target, ast.Tuple):
                self._pair(node.target.elts[0], ast.Constant(0))
                self._pair(node.target.elts[1], ast.Starred(node.iter))
            else:
                self._pair(node.target, ast.Starred(node.iter))
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith((".append", ".extend", ".insert")):
            owner = ast.unparse(node.func).rpartition(".")[0]
            self.bound.setdefault(owner, []).extend(node.args)

    def _pair(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self.bound.setdefault(target.id, []).append(value)
        elif isinstance(target, ast.Tuple | ast.List):
            matching = isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts)
            for number, each in enumerate(target.elts):
                self._pair(each, value.elts[number] if matching else value)  # type: ignore[attr-defined]

    def fixed(self, node: ast.expr) -> bool:
        kind = type(node).__name__
        judge = getattr(self, f"_{kind.lower()}", None)
        return judge is not None and judge(node)

    def _all(self, nodes: list[ast.expr]) -> bool:
        return all(self.fixed(each) for each in nodes)

    def _constant(self, _: ast.Constant) -> bool:
        return True

    def _joinedstr(self, node: ast.JoinedStr) -> bool:
        return self._all([each.value for each in node.values if isinstance(each, ast.FormattedValue)])

    def _ifexp(self, node: ast.IfExp) -> bool:
        return self._all([node.body, node.orelse])

    def _boolop(self, node: ast.BoolOp) -> bool:
        return self._all(node.values)

    def _binop(self, node: ast.BinOp) -> bool:
        return self._all([node.left, node.right])

    def _starred(self, node: ast.Starred) -> bool:
        return self.fixed(node.value)

    def _tuple(self, node: ast.Tuple) -> bool:
        return self._all(node.elts)

    def _list(self, node: ast.List) -> bool:
        return self._all(node.elts)

    def _listcomp(self, node: ast.ListComp) -> bool:
        return self.fixed(node.elt)

    def _generatorexp(self, node: ast.GeneratorExp) -> bool:
        return self.fixed(node.elt)

    def _subscript(self, node: ast.Subscript) -> bool:
        return self.fixed(node.value)

    def _name(self, node: ast.Name) -> bool:
        if _CAPITALS.fullmatch(node.id) or node.id in self.listed:
            return True
        if node.id in self._asked:  # defined by way of itself: the other definitions decide
            return True
        values = self.bound.get(node.id)
        if not values:
            return False
        self._asked.add(node.id)
        try:
            return self._all(values)
        finally:
            self._asked.discard(node.id)

    def _attribute(self, node: ast.Attribute) -> bool:
        return bool(_CAPITALS.fullmatch(node.attr)) or ast.unparse(node) in self.listed

    def _call(self, node: ast.Call) -> bool:
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if name in ("add", "len", "range") or ast.unparse(node) in self.listed:  # `$n`, a number, or looked at
            return True
        if name in ("join", "format", "replace") and isinstance(function, ast.Attribute):
            return self._all([function.value, *node.args])
        if name in ("list", "tuple", "reversed", "sorted", "enumerate", "zip"):
            return self._all(node.args)
        return name in RETURNS_TEXT


def functions(tree: ast.Module) -> Iterator[ast.AST]:
    """Outermost functions, and the module itself for what stands outside of them."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
        elif isinstance(node, ast.ClassDef):
            yield from (each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))
        else:
            yield node


def complaints(function: ast.AST) -> set[int]:
    """Nodes inside messages: raised errors and log lines."""
    inside = set()
    for node in ast.walk(function):
        said = (
            isinstance(node, ast.Raise)
            or (
                isinstance(node, ast.Call)
                and ast.unparse(node.func).partition(".")[0] in ("log", "logging", "context_of")
            )
            or (isinstance(node, ast.Call) and ast.unparse(node.func) in ("InvalidParameter", "NotFound", "Conflict"))
        )
        if said:
            inside |= {id(each) for each in ast.walk(node)}
    return inside


def doubtful(source: str, module: str) -> list[str]:
    """What an f-string interpolates, or a connection is sent, without being plainly fixed."""
    found: list[tuple[int, ast.expr]] = []
    for function in functions(ast.parse(source)):
        judge, messages = Judge(function, FRAGMENTS.get(module, set())), complaints(function)
        for node in ast.walk(function):
            parts: list[ast.expr] = []
            if isinstance(node, ast.JoinedStr) and id(node) not in messages:
                parts = [each.value for each in node.values if isinstance(each, ast.FormattedValue)]
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SENDS:
                parts = [
                    each for each in node.args[:1] if not isinstance(each, ast.Starred)
                ]  # the values of a prepared one
            found += [(node.lineno, part) for part in parts if not judge.fixed(part)]  # type: ignore[attr-defined]
    return [f"{module}:{line}: {ast.unparse(part)}" for line, part in found]


@pytest.mark.parametrize("path", SPEAKS_SQL, ids=place)
def test_statements_are_fixed_text_and_parameters(path: Path) -> None:
    assert doubtful(path.read_text("utf-8"), place(path)) == []


@pytest.mark.parametrize(
    "body",
    [
        "await tx.fetch(f\"SELECT * FROM t WHERE name = '{name}'\")",
        "await tx.fetch('SELECT * FROM t WHERE name = ' + name)",
        "await tx.fetch('SELECT * FROM t WHERE name = {}'.format(name))",
        "await tx.fetch('SELECT * FROM t WHERE name = %s' % name)",
        "where = ['a = 1']\n    where.append(name)\n    await tx.fetch('SELECT 1 WHERE ' + ' AND '.join(where))",
        "clause = f'name = {name!r}'\n    await tx.fetch(clause)",
        "await tx.execute(name)",
        "for each in name.split():\n        await tx.fetch(f'SELECT {each}')",
    ],
)
def test_the_judge_sees_through(body: str) -> None:
    assert doubtful(f"async def f(tx, name):\n    {body}\n", "sample.py")


@pytest.mark.parametrize(
    "body",
    [
        "await tx.fetch('SELECT * FROM t WHERE name = $1', name)",
        "p = Parameters()\n    await tx.fetch(f'SELECT {COLUMNS} FROM t WHERE name = {p.add(name)}', *p.values)",
        "w = []\n    w.append(f'b = {p.add(name)}')\n    await tx.fetch('SELECT 1 WHERE ' + ' AND '.join(w))",
        "raise NotFound(f'no {name}')",
    ],
)
def test_the_judge_lets_pass(body: str) -> None:
    assert doubtful(f"async def f(tx, name):\n    {body}\n", "sample.py") == []
