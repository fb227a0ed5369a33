"""The page on which staff give money back: amount and reason, what they will do, and then, once, the refund."""

import uuid
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from accounts.models import User
from billing import amounts, gateway, refunding, reversals
from billing.models import Purchase, Refund
from billing.templatetags.money import money
from tokens.plain_text import require_plain_text

_AWAY = (
    "Stripe does not answer, so it is not certain whether the refund was made. Send this form again: "
    "however often it is sent, it gives the money back once."
)


class RefundForm(forms.Form):
    """An amount of money with a reason. `form_key` is new with every empty form, so a form sent twice refunds once."""

    amount = forms.CharField(max_length=20, widget=forms.NumberInput)
    reason = forms.CharField(
        min_length=5,
        max_length=300,
        validators=[require_plain_text],
        help_text="At least five characters. The buyer reads it on the page of the purchase and in a mail.",
        widget=forms.TextInput(attrs={"size": 80}),
    )
    form_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, purchase: Purchase, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._currency, self._left = purchase.currency, refunding.left_cents(purchase)
        amount, coin = self.fields["amount"], amounts.plain(1, purchase.currency)
        amount.initial = amounts.plain(self._left, purchase.currency)
        amount.help_text = f"{purchase.currency.upper()}, at most {money(self._left, purchase.currency)}."
        amount.widget.attrs |= {"min": coin, "step": coin, "max": amount.initial}

    def clean_amount(self) -> str:
        """Refuse all that is no exact amount of the currency, and nothing."""
        try:
            amount = amounts.cents(self.cleaned_data["amount"], self._currency)
        except ValueError as error:
            example = amounts.plain(self._left, self._currency)
            raise forms.ValidationError(f"Write an amount in {self._currency.upper()}, such as {example}.") from error
        if amount < 1:
            raise forms.ValidationError(f"The least that can be refunded is {money(1, self._currency)}.")
        return amounts.plain(amount, self._currency)

    @property
    def cents(self) -> int:
        """The amount in the currency's smallest unit."""
        return amounts.cents(self.cleaned_data["amount"], self._currency)


def refund_page(site: admin.AdminSite, request: HttpRequest, purchase_id: uuid.UUID) -> HttpResponse:
    """Ask for amount and reason, show what they will do, and do it once `confirm` comes with them."""
    if not request.user.has_perm("billing.refund_purchase"):
        raise PermissionDenied
    purchase = get_object_or_404(Purchase.objects.select_related("user"), pk=purchase_id)
    if request.method != "POST":
        fresh = _follow(purchase)
        empty = RefundForm(purchase=purchase, initial={"form_key": uuid.uuid4()})
        return _page(site, request, purchase, form=empty, stale=not fresh, obstacle=refunding.obstacle(purchase))
    form = RefundForm(request.POST, purchase=purchase)
    if not form.is_valid():
        return _page(site, request, purchase, status=422, form=form)
    if "back" in request.POST:
        return _page(site, request, purchase, form=form)
    return (
        _refund(site, request, purchase, form) if "confirm" in request.POST else _preview(site, request, purchase, form)
    )


def _follow(purchase: Purchase) -> bool:
    """Learn of refunds made at Stripe, so that nobody makes one again; return whether Stripe answered."""
    try:
        reversals.follow_payment(purchase.stripe_payment_intent_id or "")
    except (gateway.StripeUnavailable, gateway.StripeRefused):
        return False
    purchase.refresh_from_db()
    return True


def _preview(site: admin.AdminSite, request: HttpRequest, purchase: Purchase, form: RefundForm) -> HttpResponse:
    try:
        shown = refunding.preview(purchase, form.cents)
    except refunding.NotRefundable as problem:
        form.add_error("amount", str(problem))
        return _page(site, request, purchase, status=422, form=form)
    return _page(site, request, purchase, form=form, preview=shown, amount_cents=form.cents)


def _refund(site: admin.AdminSite, request: HttpRequest, purchase: Purchase, form: RefundForm) -> HttpResponse:
    given = {"reason": form.cleaned_data["reason"], "form_key": form.cleaned_data["form_key"]}
    try:
        refund = refunding.refund_purchase(
            purchase=purchase, staff=cast(User, request.user), amount_cents=form.cents, **given
        )
    except refunding.NotRefundable as problem:
        form.add_error("amount", str(problem))
    except gateway.StripeUnavailable:
        form.add_error(None, _AWAY)
        return _page(site, request, purchase, status=503, form=form)
    except gateway.StripeRefused as refusal:
        form.add_error(None, f"Stripe refused: {refusal}. Nothing was given back.")
    else:
        _tell(request, refund)
        return HttpResponseRedirect(reverse("admin:billing_purchase_change", args=[purchase.pk]))
    return _page(site, request, purchase, status=422, form=form)


def _tell(request: HttpRequest, refund: Refund) -> None:
    amount = money(refund.amount_cents, refund.currency)
    if refund.status in reversals.REFUNDING:
        done = "refunded" if refund.status == Refund.Status.SUCCEEDED else "is being refunded"
        messages.info(request, f"{amount} {done}. The buyer is told by mail.")
    else:
        messages.error(request, f"Stripe could not refund {amount}: {refund.get_status_display()}.")


def _page(
    site: admin.AdminSite, request: HttpRequest, purchase: Purchase, *, status: int = 200, **shown: Any
) -> HttpResponse:
    context = {
        **site.each_context(request),
        "title": "Refund a purchase",
        "opts": Purchase._meta,
        "purchase": purchase,
        **shown,
    }
    return render(request, "billing/admin/refund.html", context, status=status)
