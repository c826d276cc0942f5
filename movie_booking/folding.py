"""Texts that are found and compared whatever their case, and however their accents are written.

Databases fold letters in ways of their own: SQLite knows the case of A to Z only, PostgreSQL that of the
letters of its locale, and neither takes é in one character for é in two. So a text is folded here, in Python,
and kept folded in a column beside it, by which both databases search, filter and compare.
"""

import unicodedata
from collections.abc import Collection, Iterable
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.lookups import Contains


def fold(text: str) -> str:
    """Return the text so that two which differ in case, or in how accents are composed, are equal.

    É and é are one letter, E and é are two. This is the caseless match of the Unicode standard (D145 in its
    section 3.13), composed.
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())


class FoldedTextField(models.TextField):
    """Another field of its model, folded, written with it. What it is compared with is folded too.

    A subclass may keep less of the other field than all: see `fold`.
    """

    def __init__(self, source: str, **options: Any) -> None:
        self.source = source
        super().__init__(**{"editable": False, "default": "", **options})

    def deconstruct(self) -> Any:
        name, path, _, options = super().deconstruct()
        return name, path, [self.source], options

    def fold(self, text: str) -> str:
        return fold(text)

    def of(self, source: Any) -> Any:
        """What this field has beside a value of the other one, which may be an expression."""
        return self.fold(source) if isinstance(source, str) else source

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        folded = self.fold(getattr(model_instance, self.source))
        setattr(model_instance, self.attname, folded)
        return folded

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return self.fold(value) if isinstance(value, str) else value


@FoldedTextField.register_lookup
class FoldedContains(Contains):
    """Not `icontains`: a database would fold once more, in its own way."""

    def get_prep_lookup(self) -> str:
        return fold(super().get_prep_lookup())


def folded_fields(model: type[models.Model]) -> list[FoldedTextField]:
    return [field for field in model._meta.fields if isinstance(field, FoldedTextField)]


Row = TypeVar("Row", bound=models.Model)


class FoldingQuerySet(models.QuerySet[Row]):
    """Writes folded fields with their sources, whichever way those are written."""

    def update(self, **values: Any) -> int:
        folded = {field.name: field.of(values[field.source]) for field in self._folded(values)}
        return super().update(**{**folded, **values})

    def bulk_update(self, objs: Iterable[Row], fields: Iterable[str], batch_size: int | None = None) -> int:
        rows, fields = list(objs), list(fields)
        folded = self._folded(fields)
        for row in rows:
            for field in folded:
                field.pre_save(row, add=False)
        return super().bulk_update(rows, [*fields, *(field.name for field in folded)], batch_size)

    def _folded(self, written: Collection[str]) -> list[FoldedTextField]:
        return [field for field in folded_fields(self.model) if field.source in written]


class FoldingModel(models.Model):
    """A model with folded fields. It overrides `save` as they must be written whenever their source is."""

    class Meta:
        abstract = True

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        if update_fields is not None:
            update_fields = set(update_fields)
            update_fields |= {f.name for f in folded_fields(type(self)) if f.source in update_fields}
        super().save(*args, update_fields=update_fields, **options)


class UniqueFolded(models.UniqueConstraint):
    """No two rows have the same folded text. What it refuses, it says of the field that people see."""

    def validate(
        self,
        model: type[models.Model],
        instance: models.Model,
        exclude: Collection[str] | None = None,
        using: str = "default",
    ) -> None:
        """Raises ValidationError for the source of the folded field, unless that is among the excluded."""
        folded = next(field for field in folded_fields(model) if field.name in self.fields)
        columns = [field.attname for field in model._meta.fields if field.name in self.fields]
        if folded.source in (exclude or ()) or any(getattr(instance, column) is None for column in columns):
            return
        folded.pre_save(instance, add=False)
        try:
            super().validate(model, instance, None, using)  # type: ignore[misc]
        except ValidationError as error:
            taken = [ValidationError(message, "unique") for message in error.messages]
            raise ValidationError({folded.source: taken}) from error
