"""Operations for migrations that Django does not bring."""

from typing import Any

from django.db import transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import AddConstraint, AddIndex, AlterField
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import BaseConstraint, Q, UniqueConstraint


class RenameConstraint(Operation):
    """Give a constraint of a model another name.

    PostgreSQL changes the name and nothing else, however many rows there are: removing the constraint and
    adding it again would scan the table under a lock. SQLite cannot rename one, so its table is rebuilt.
    """

    reversible = True

    def __init__(self, model_name: str, old_name: str, new_name: str, *, condition: Q | None = None) -> None:
        """Say the `condition` too if it names a column that was renamed just before."""
        self.model_name = model_name
        self.old_name = old_name
        self.new_name = new_name
        self.condition = condition

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        changed = {"name": self.new_name} | ({"condition": self.condition} if self.condition else {})
        self._change_in_state(app_label, state, self.old_name, changed)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        self._rename(app_label, schema_editor, from_state, to_state, self.old_name, self.new_name)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        # Not `to_state`: with a `condition`, its constraint names a column that has its old name only once
        # the operation before this one is reversed too. That one changes the condition in the database.
        before = from_state.clone()
        self._change_in_state(app_label, before, self.new_name, {"name": self.old_name})
        self._rename(app_label, schema_editor, from_state, before, self.new_name, self.old_name)

    def describe(self) -> str:
        return f"Rename constraint {self.old_name} of {self.model_name} to {self.new_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"rename_{self.old_name}"

    def _rename(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
        old_name: str,
        new_name: str,
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        old: Any = from_state.models[app_label, self.model_name.lower()].get_constraint_by_name(old_name)
        new: Any = to_state.models[app_label, self.model_name.lower()].get_constraint_by_name(new_name)
        is_index = isinstance(old, UniqueConstraint) and bool(old.condition or old.expressions)
        quote = schema_editor.quote_name
        if schema_editor.connection.vendor != "postgresql":
            # Rebuilds the table as the model is by now, so with the new constraint; indexes stand beside it.
            schema_editor.remove_constraint(model, old)
            if is_index:
                schema_editor.add_constraint(model, new)
        elif is_index:
            schema_editor.execute(f"ALTER INDEX {quote(old_name)} RENAME TO {quote(new_name)}")
        else:
            table = quote(model._meta.db_table)
            schema_editor.execute(
                f"ALTER TABLE {table} RENAME CONSTRAINT {quote(old_name)} TO {quote(new_name)}"
            )

    def _change_in_state(
        self, app_label: str, state: ProjectState, name: str, changed: dict[str, Any]
    ) -> None:
        model_name = self.model_name.lower()
        options = state.models[app_label, model_name].options
        options["constraints"] = [
            _with(constraint, changed) if constraint.name == name else constraint
            for constraint in options["constraints"]
        ]
        state.reload_model(app_label, model_name, delay=True)


def _with(constraint: BaseConstraint, changed: dict[str, Any]) -> BaseConstraint:
    _, args, kwargs = constraint.deconstruct()
    return type(constraint)(*args, **{**kwargs, **changed})


class AddIndexInBackground(AddIndex):
    """Build an index while the system goes on selling: on PostgreSQL without a lock that keeps writers out.

    For a migration with `atomic = False`. An index that was left unfinished is built anew. SQLite, which has
    one writer, builds it as ever.
    """

    atomic = False

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        if schema_editor.connection.vendor == "postgresql":
            statement = self.index.create_sql(model, schema_editor, concurrently=True)
            build_in_background(schema_editor, self.index.name, str(statement))
        else:
            schema_editor.add_index(model, self.index)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            schema_editor.remove_index(model, self.index)


def build_in_background(schema_editor: BaseDatabaseSchemaEditor, name: str, statement: str) -> None:
    """Build an index on PostgreSQL by a CREATE INDEX CONCURRENTLY; what a failed one left goes before.

    It waits for every transaction that is older, which keeps nobody out: so without the `lock_timeout`.
    """
    usual = schema_editor.connection.session_settings["lock_timeout"]  # type: ignore[attr-defined]
    schema_editor.execute("SET lock_timeout = 0")
    try:
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {schema_editor.quote_name(name)}")
        schema_editor.execute(statement)
    finally:
        schema_editor.execute("SET lock_timeout = %s", [usual])


class AllowNull(AlterField):
    """Let a column be empty, and change nothing else of its field.

    AlterField would check the foreign key of every row anew, and keep all out meanwhile.
    """

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if not self._change(app_label, schema_editor, to_state, "DROP"):
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if not self._change(app_label, schema_editor, to_state, "SET"):
            super().database_backwards(app_label, schema_editor, from_state, to_state)

    def _change(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, state: ProjectState, verb: str
    ) -> bool:
        """Change the column on PostgreSQL; return whether that is where it stands."""
        model = state.apps.get_model(app_label, self.model_name)
        if schema_editor.connection.vendor != "postgresql":
            return False
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            table, column = model._meta.db_table, model._meta.get_field(self.name).column
            quote = schema_editor.quote_name
            schema_editor.execute(f"ALTER TABLE {quote(table)} ALTER COLUMN {quote(column)} {verb} NOT NULL")
        return True


class SetNotNull(AlterField):
    """Let a column be empty no longer, while the system goes on: for a migration with `atomic = False`.

    On PostgreSQL a check is validated first, which keeps no writers out; from it the server knows that there
    is no such row, and does not look at each under the lock. SQLite makes its table anew.
    """

    atomic = False

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if schema_editor.connection.vendor != "postgresql":
            with transaction.atomic(schema_editor.connection.alias):
                super().database_forwards(app_label, schema_editor, from_state, to_state)
        elif self.allow_migrate_model(schema_editor.connection.alias, model):
            name, column = model._meta.db_table, model._meta.get_field(self.name).column
            quote = schema_editor.quote_name
            table, check = quote(name), quote(f"{name}_{column}_not_null")
            for change in (
                f"DROP CONSTRAINT IF EXISTS {check}",
                f"ADD CONSTRAINT {check} CHECK ({quote(column)} IS NOT NULL) NOT VALID",
                f"VALIDATE CONSTRAINT {check}",
                f"ALTER COLUMN {quote(column)} SET NOT NULL",
                f"DROP CONSTRAINT {check}",
            ):
                schema_editor.execute(f"ALTER TABLE {table} {change}")

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        with transaction.atomic(schema_editor.connection.alias):
            AlterField.database_forwards(self, app_label, schema_editor, from_state, to_state)


class AddCheckInBackground(AddConstraint):
    """Add a check of rows while the system goes on selling: for a migration with `atomic = False`.

    On PostgreSQL new rows are checked at once, and the others without a lock that keeps writers out.
    """

    atomic = False
    model_name: str
    constraint: BaseConstraint

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            quote = schema_editor.quote_name
            table, name = quote(model._meta.db_table), quote(self.constraint.name)
            schema_editor.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")
            schema_editor.execute(f"{self.constraint.create_sql(model, schema_editor)} NOT VALID")
            schema_editor.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")
