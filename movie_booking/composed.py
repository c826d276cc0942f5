"""Queries that the ORM composes once in a process: for the few that run with every booking.

Composing a query takes the ORM longer than PostgreSQL takes to answer it.
"""

from collections.abc import Callable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable, get_related_populators  # type: ignore[attr-defined]
from django.db.transaction import TransactionManagementError

Row = TypeVar("Row")
# Stands for the first value while a query is composed, and the numbers after it for the others. No other
# parameter of one is the same.
PLACEHOLDER = 918_273_645


class Composed(NamedTuple):
    """A query as the database takes it, and how its rows become what the ORM would return."""

    sql: str
    params: tuple[Any, ...]
    locks: bool
    objects: Callable[[Sequence[Any]], list[Any]]


class ComposedQuery(Generic[Row]):
    """A query that depends on nothing but some values: by the rule, the id of one row.

    `ComposedQuery(build)(show_id)` returns what `list(build(show_id))` returns, for model instances with what
    `select_related` and `defer` name, and for `values_list`. A test holds the two equal for each of them.
    Other parameters, such as a status, must be the same at every call. `types` are those of the values.
    """

    def __init__(self, build: "Callable[..., QuerySet[Any, Row]]", *types: type[int] | type[str]) -> None:
        self.build = build
        self.placeholders = [each(PLACEHOLDER + n) for n, each in enumerate(types or (int,))]
        self._composed: dict[str, Composed] = {}

    def __call__(self, *values: int | str) -> list[Row]:
        """Return the rows. Raises TransactionManagementError for rows to lock outside of a transaction."""
        composed = self._composed.get(connection.vendor)
        if composed is None:
            composed = self._composed[connection.vendor] = compose(self.build(*self.placeholders))
        if composed.locks and not connection.in_atomic_block:
            raise TransactionManagementError("Rows are locked in a transaction.")
        given = dict(zip(self.placeholders, values, strict=True))
        params = [given.get(value, value) for value in composed.params]
        with connection.cursor() as cursor:
            cursor.execute(composed.sql, params)
            return composed.objects(cursor.fetchall())


def compose(rows: "QuerySet[Any, Any]") -> Composed:
    """Have the ORM compose a query, without running it."""
    query: Any = rows.query
    compiler = query.get_compiler(connection=connection)
    sql, params = compiler.as_sql()
    converters = compiler.get_converters([expression for expression, _, _ in compiler.select])
    is_of_instances = rows._iterable_class is ModelIterable
    populate = instances(compiler) if is_of_instances else list

    def objects(found: Sequence[Any]) -> list[Any]:
        if converters:
            found = [tuple(row) for row in compiler.apply_converters(found, converters)]
        return populate(found)

    locks = query.select_for_update and connection.features.has_select_for_update
    return Composed(sql, tuple(params), bool(locks), objects)


def instances(compiler: Any) -> Callable[[Sequence[Any]], list[Model]]:
    """How rows become instances, as Django's `ModelIterable` does it."""
    model, fields = compiler.klass_info["model"], compiler.klass_info["select_fields"]
    first, end = fields[0], fields[-1] + 1
    names = [column[0].target.attname for column in compiler.select[first:end]]
    related: Any = get_related_populators(compiler.klass_info, compiler.select, connection.alias)

    def populate(found: Sequence[Any]) -> list[Model]:
        rows = []
        for row in found:
            instance = model.from_db(connection.alias, names, row[first:end])
            for populator in related:
                populator.populate(row, instance)
            rows.append(instance)
        return rows

    return populate
