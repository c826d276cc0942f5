"""Queries that the ORM composes once in a process: for the few that run with every booking.

Composing a query takes the ORM longer than PostgreSQL takes to answer it.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import datetime, timezone
from typing import Any, Generic, NamedTuple, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable
from django.db.transaction import TransactionManagementError
from prometheus_client import Histogram

from movie_booking.for_each import for_each
from movie_booking.instances import bare
from movie_booking.metrics import LOCK_WAIT, child
from movie_booking.statements import Given, Message, Statement, send

Row = TypeVar("Row")
Value = int | str | datetime
# Stands for the first value while a query is composed, and the numbers after it for the others. No other
# parameter of one is the same.
PLACEHOLDER = 918_273_645
NO_WAIT = nullcontext()
LOCKED_OUTSIDE = "Rows are locked in a transaction."


class Composed(NamedTuple):
    """A query as the database takes it, and how its rows become what the ORM would return."""

    message: Message
    lock_wait: Histogram | None  # where it is noted how long a lock was waited for, if it takes one
    convert: Callable[[Sequence[Any]], Sequence[Any]]  # what the database returned, to values of Python's
    populate: Callable[[Sequence[Any]], list[Any]]  # those to model instances, or as they are
    annotations: Sequence[int]  # which columns are none of the model's

    def beside(self, rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
        """Return the annotations of each row."""
        return [tuple(row[column] for column in self.annotations) for row in rows]


class ComposedQuery(Generic[Row]):
    """A query that depends on nothing but some values: by the rule, the id of one row.

    `ComposedQuery(build)(show_id)` returns what `list(build(show_id))` returns, for model instances with what
    `select_related` and `defer` name and with annotations, and for `values_list`. A test holds the two equal
    for each of them. Other parameters, such as a status, must be the same at every call. `types` are those of
    the values. `after` builds what locks rows by the first value: it is sent in the same message, and what
    others wrote while it waited is seen.
    """

    def __init__(
        self,
        build: "Callable[..., QuerySet[Any, Row]]",
        *types: type[int] | type[str] | type[datetime],
        after: "Callable[[int], QuerySet[Any, Any] | Statement] | None" = None,
    ) -> None:
        self.build, self.after = build, after
        self.placeholders = [placeholder(each, PLACEHOLDER + n) for n, each in enumerate(types or (int,))]
        self._composed: dict[str, Composed] = {}
        self._for_each: Message | None = None

    def __call__(self, *values: Value, using: str = DEFAULT_DB_ALIAS) -> list[Row]:
        """Return the rows. Raises TransactionManagementError for rows to lock outside of a transaction.

        Instances are those of the default database, whichever they were read from.
        """
        composed, rows = self._fetch(values, using)
        return composed.populate(rows)

    def one(self, *values: Value) -> tuple[Row | None, list[tuple[Any, ...]]]:
        """Return the instance that all rows are of, if there are any, and the annotations of each row."""
        composed, rows = self._fetch(values)
        first: Row | None = next(iter(composed.populate(rows[:1])), None)
        return first, composed.beside(rows)

    def one_of_each(self, values: Sequence[Sequence[int]]) -> list[tuple[Row, list[tuple[Any, ...]]]]:
        """Return what `one` does for several rows in one message, locked; without those that others have
        locked, or that are not there. For queries that lock a row (PostgreSQL).

        No lock of a row is waited for here, and others in the same transaction only briefly. Whoever has
        locked several rows so keeps others from none of them for long. Raises TransactionManagementError
        outside of a transaction.
        """
        if not connection.in_atomic_block:
            raise TransactionManagementError(LOCKED_OUTSIDE)
        composed = self._composed.get(connection.vendor) or self._compose()
        if self._for_each is None:
            self._for_each = for_each(*composed.message.statements)
        with connection.cursor() as cursor:
            cursor.execute(self._for_each, list(map(list, zip(*values, strict=True))))
            rows = composed.convert(cursor.fetchall())
        each = defaultdict(list)
        for row in rows:
            each[row[-1]].append(row)
        return [(*composed.populate(same[:1]), composed.beside(same)) for same in each.values()]

    def _fetch(
        self, values: Sequence[Value], using: str = DEFAULT_DB_ALIAS
    ) -> tuple[Composed, Sequence[Any]]:
        backend: Any = connections[using]  # which `connection` would look up at each use
        composed = self._composed.get(backend.vendor) or self._compose()
        lock_wait = composed.lock_wait
        if lock_wait and not backend.in_atomic_block:
            raise TransactionManagementError(LOCKED_OUTSIDE)
        with backend.cursor() as cursor:
            with lock_wait.time() if lock_wait else NO_WAIT:
                send(cursor, composed.message, list(map(adapted, values)))
            return composed, composed.convert(cursor.fetchall())

    def _compose(self) -> Composed:
        """Have the ORM compose the queries, without running them."""
        rows: Any = self.build(*self.placeholders)
        compiler = rows.query.get_compiler(connection=connection)
        statements = [self._statement(compiler)]
        converters = compiler.get_converters([expression for expression, _, _ in compiler.select])
        is_of_instances = rows._iterable_class is ModelIterable

        def convert(found: Sequence[Any]) -> Sequence[Any]:
            return [tuple(row) for row in compiler.apply_converters(found, converters)]

        lock_wait = None
        if self.after is not None and connection.features.has_select_for_update:
            first: Any = self.after(PLACEHOLDER)
            if not isinstance(first, Statement):
                first = self._statement(first.query.get_compiler(connection=connection))
            statements.insert(0, first)
            lock_wait = child(LOCK_WAIT, first.kind)
        composed = self._composed[connection.vendor] = Composed(
            Message(*statements),
            lock_wait,
            convert if converters else list,
            instances(compiler) if is_of_instances else list,
            list(compiler.annotation_col_map.values()) if is_of_instances else [],
        )
        return composed

    def _statement(self, compiler: Any) -> Statement:
        sql, params = compiler.as_sql()
        place = {adapted(value): Given(n) for n, value in enumerate(self.placeholders)}
        return Statement(
            compiler.query.model._meta.db_table, sql, [place.get(value, value) for value in params]
        )


def placeholder(kind: Any, number: int) -> Value:
    """Return a value of that type which stands for one that is given later."""
    return datetime.fromtimestamp(number, timezone.utc) if kind is datetime else kind(number)


def adapted(value: Any) -> Any:
    """Return a value as a statement takes it: SQLite has no type for moments."""
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value


def instances(compiler: Any) -> Callable[[Sequence[Any]], list[Model]]:
    """How rows become instances, as Django's `ModelIterable` does it."""
    columns = Columns(compiler.klass_info, compiler.select)
    annotations = compiler.annotation_col_map.items()

    def populate(found: Sequence[Any]) -> list[Model]:
        rows: list[Any] = []
        beside = None
        for row in found:
            instance: Any = columns.instance(row)
            if beside == row[columns.end :]:  # the seats of an order, say: all of one show
                instance._state.fields_cache.update(rows[-1]._state.fields_cache)
            else:
                columns.add_related(row, instance)
                beside = row[columns.end :]
            for name, column in annotations:
                setattr(instance, name, row[column])
            rows.append(instance)
        return rows

    return populate


class Columns:
    """Which columns of a row are an instance of which model, and which are those that it refers to."""

    def __init__(self, info: dict[str, Any], select: Sequence[Any]) -> None:
        self.model, fields = info["model"], info["select_fields"]
        self.start, self.end = fields[0], fields[-1] + 1
        self.names = [column[0].target.attname for column in select[self.start : self.end]]
        self.key = self.start + self.names.index(self.model._meta.pk.attname)
        self.related = [
            (Columns(each, select), each["local_setter"], each["remote_setter"])
            for each in info.get("related_klass_infos", ())
        ]

    def instance(self, row: Sequence[Any]) -> Model:
        """Return what `Model.from_db` returns, without `__init__`, which takes three times as long.

        None of our models has one, nor does anybody listen for it: a test holds that.
        """
        instance: Model = bare(self.model)
        instance._state.adding = False
        instance.__dict__.update(zip(self.names, row[self.start : self.end], strict=True))
        return instance

    def add_related(self, row: Sequence[Any], instance: Model) -> None:
        """Have the instance know those that it refers to, as `select_related` does."""
        for columns, set_here, set_there in self.related:
            other = None if row[columns.key] is None else columns.instance(row)
            set_here(instance, other)
            if other is not None:
                set_there(other, instance)
                columns.add_related(row, other)
