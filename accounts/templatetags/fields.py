"""How form fields of others are shown."""

from django import forms, template

register = template.Library()


@register.filter
def without_placeholders(form: forms.BaseForm) -> forms.BaseForm:
    """Return `form` with the placeholders of its widgets removed: they repeat the label and vanish while typing."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
    return form
