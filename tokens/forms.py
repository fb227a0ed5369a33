from django import forms


class StatementForm(forms.Form):
    """Where a page of the statement starts; nonsense shows the first page."""

    before = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1)
