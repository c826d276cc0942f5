"""What a browser sends of the inputs of a form, and what is meant by it in words."""

from typing import Any

from django import forms
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import ValidationError

# What a browser sends of a field: its inputs by name, each with its values.
Sent = dict[str, list[str]]


def sent_by(widget: Any, name: str, value: Any) -> Sent:
    """Return what a browser sends of a widget that shows this value."""
    if isinstance(widget, RelatedFieldWidgetWrapper):
        widget = widget.widget
    if isinstance(widget, forms.MultiWidget):
        several: Any = widget  # the stubs do not know its names
        parts = zip(several.widgets, several.widgets_names, several.decompress(value), strict=True)
        return {key: texts for part, end, of in parts for key, texts in sent_by(part, name + end, of).items()}
    if isinstance(widget, forms.CheckboxInput):
        return {name: ["on"]} if widget.check_test(value) else {}
    shown = widget.format_value(value)
    if isinstance(shown, (list, tuple)):
        return {name: [str(each) for each in shown]}
    return {name: ["" if shown is None else str(shown)]}


def read_sent(field: Any, name: str, data: Any) -> Any:
    """Return the value that was sent for a field, or what was sent if it is no value."""
    raw = field.widget.value_from_datadict(data, {}, name)
    try:
        return field.to_python(raw)
    except ValidationError:
        return raw


def in_words(field: Any, value: Any) -> str:
    """Return a value of a field as its reader knows it."""
    if isinstance(field, forms.BooleanField):
        return "yes" if value else "no"
    if isinstance(field, forms.ModelChoiceField) and not isinstance(field, forms.ModelMultipleChoiceField):
        return str(value or "empty")
    if isinstance(field, forms.TypedChoiceField):
        choices: Any = field.choices
        value = dict(choices).get(value, value)
    if isinstance(field, forms.ModelMultipleChoiceField):
        value = ", ".join(map(str, value or ()))
    if isinstance(value, (list, tuple)):
        value = " ".join(map(str, value))
    return "empty" if value in (None, "") else str(value)


def reason_field() -> forms.CharField:
    """Why a show changes, which its customers are told."""
    return forms.CharField(
        label="Reason",
        max_length=200,
        required=False,
        widget=forms.TextInput({"class": "vTextField"}),
        help_text="Why shows change, as customers are told.",
    )
