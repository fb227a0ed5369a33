"""The books in the admin: to be read. The one way to write is "Adjust balance", through the ledger."""

import uuid
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property

from accounts.models import User
from tokens import adjusting, balance
from tokens.ledger import InsufficientTokens, KeyReused
from tokens.models import TokenAccount, TokenTransaction
from tokens.plain_text import require_plain_text

COUNT_AT_MOST = 1_000
PEOPLE_AT_MOST = 100


class CheapPaginator(Paginator[Any]):
    """Counts COUNT_AT_MOST rows and no further: an exact count reads a whole table. Search finds the rest."""

    @cached_property
    def count(self) -> int:
        rows = cast("QuerySet[Model]", self.object_list)
        return rows[:COUNT_AT_MOST].count()


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Pages that show rows and change none of them."""

    actions = None
    paginator = CheapPaginator
    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class AdjustmentForm(forms.Form):
    """A signed amount with a reason. `key` is new with every empty form, so a form sent twice adjusts once."""

    amount = forms.IntegerField(
        min_value=-adjusting.LIMIT,
        max_value=adjusting.LIMIT,
        help_text=f"Tokens to add, or with a minus to take: at most {adjusting.LIMIT:,} either way.",
    )
    reason = forms.CharField(
        min_length=5,
        max_length=200,
        validators=[require_plain_text],
        help_text="At least five characters. The person sees it on their statement.",
        widget=forms.TextInput(attrs={"size": 80}),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def clean_amount(self) -> int:
        amount = int(self.cleaned_data["amount"])
        if amount == 0:
            raise forms.ValidationError("An adjustment by 0 changes nothing.")
        return amount


@admin.register(TokenAccount)
class TokenAccountAdmin(ReadOnlyAdmin):
    list_display = ("user", "balance", "trial_balance", "debt", "total_purchased", "total_spent", "updated_at")
    list_select_related = ("user",)
    ordering = ("pk",)
    search_fields = ("user__email",)
    search_help_text = "Part of an e-mail address"

    def get_urls(self) -> list[URLPattern]:
        adjust = self.admin_site.admin_view(self.adjust_balance)
        return [path("<uuid:user_id>/adjust/", adjust, name="tokens_tokenaccount_adjust"), *super().get_urls()]

    def adjust_balance(self, request: HttpRequest, user_id: UUID) -> HttpResponse:
        """Ask for amount and reason, show what they will do, and do it once `confirm` comes with them."""
        if not request.user.has_perm("tokens.adjust_balance"):
            raise PermissionDenied
        user = get_object_or_404(User.objects.select_related("token_account"), pk=user_id)
        if user.pk == request.user.pk:
            return self._page(request, user, None, status=403)
        if request.method != "POST":
            return self._page(request, user, AdjustmentForm(initial={"key": uuid.uuid4()}))
        form = AdjustmentForm(request.POST)
        if not form.is_valid():
            return self._page(request, user, form, status=422)
        if "back" in request.POST:
            return self._page(request, user, form)
        if "confirm" not in request.POST:
            return self._preview(request, user, form)
        return self._confirm(request, user, form)

    def _preview(self, request: HttpRequest, user: User, form: AdjustmentForm) -> HttpResponse:
        held = balance.read(user)
        after = held.balance - held.debt + form.cleaned_data["amount"]
        if form.cleaned_data["amount"] < 0 and after < 0:
            form.add_error("amount", f"Only {held.balance} tokens are there to be taken.")
            return self._page(request, user, form, status=422)
        return self._page(request, user, form, before=held.balance, after=max(after, 0), debt_after=max(-after, 0))

    def _confirm(self, request: HttpRequest, user: User, form: AdjustmentForm) -> HttpResponse:
        try:
            entry = adjusting.adjust_once(user=user, staff=cast(User, request.user), **form.cleaned_data)
        except InsufficientTokens as error:
            form.add_error("amount", f"Only {error.available} tokens are there to be taken.")
        except KeyReused:
            form.add_error(None, "This form already made another adjustment. Nothing was changed now; start again.")
        else:
            messages.info(request, f"Adjusted: {user} now has {entry.balance_after} tokens ({entry.amount:+d}).")
            return HttpResponseRedirect(reverse("admin:tokens_tokenaccount_change", args=[user.pk]))
        return self._page(request, user, form, status=422)

    def _page(
        self, request: HttpRequest, user: User, form: AdjustmentForm | None, *, status: int = 200, **preview: int
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Adjust balance",
            "opts": self.opts,
            "person": user,
            "held": balance.read(user),
            "form": form,
            **preview,
        }
        return render(request, "admin/tokens/tokenaccount/adjust.html", context, status=status)


@admin.register(TokenTransaction)
class TokenTransactionAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "person", "number", "type", "amount", "bucket", "balance_after", "description")
    list_filter = ("type",)
    list_select_related = ("account__user",)
    ordering = ("-pk",)
    search_fields = ("account__user__email", "stripe_payment_intent_id", "key")
    search_help_text = "Part of an e-mail address, a whole Stripe payment id (pi_...), or a whole key"

    @admin.display(description="Person")
    def person(self, entry: TokenTransaction) -> str:
        return str(entry.account.user)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[TokenTransaction], search_term: str
    ) -> tuple[QuerySet[TokenTransaction], bool]:
        """Find by index only: Django's own search would read every row of the books."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if term.startswith("pi_"):
            return queryset.filter(stripe_payment_intent_id=term), False
        if ":" in term:
            return queryset.filter(key=term), False
        people = User.objects.filter(email__icontains=term).values_list("pk", flat=True)
        return queryset.filter(account_id__in=list(people[:PEOPLE_AT_MOST])), False
