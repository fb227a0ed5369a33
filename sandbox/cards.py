"""The documented test cards and what becomes of a payment with each: https://docs.stripe.com/testing"""

import datetime
import hashlib
import re
from dataclasses import dataclass
from typing import Literal

# Decline code -> error code and the sentence the buyer reads: https://docs.stripe.com/declines/codes
DECLINES = {
    "generic_decline": ("card_declined", "Your card was declined."),
    "insufficient_funds": ("card_declined", "Your card has insufficient funds."),
    "lost_card": ("card_declined", "Your card was declined."),
    "stolen_card": ("card_declined", "Your card was declined."),
    "card_velocity_exceeded": ("card_declined", "Your card was declined for making repeated attempts too frequently."),
    "fraudulent": ("card_declined", "Your card was declined."),
    "expired_card": ("expired_card", "Your card has expired."),
    "incorrect_cvc": ("incorrect_cvc", "Your card's security code is incorrect."),
    "processing_error": (
        "processing_error",
        "An error occurred while processing your card. Try again in a little bit.",
    ),
    "authentication_required": (
        "authentication_required",
        "Your card was declined. This transaction requires authentication.",
    ),
    "test_mode_live_card": (
        "card_declined",
        "Your card was declined. Your request was in test mode, but used a non test card. For a list of valid test "
        "cards, visit: https://docs.stripe.com/testing.",
    ),
}
# These two are error codes of their own; Stripe sends no decline_code that differs from them.
ADVICE = {
    "generic_decline": "try_again_later",
    "insufficient_funds": "try_again_later",
    "processing_error": "try_again_later",
}


@dataclass(frozen=True)
class Card:
    """`decline` is the decline code every charge meets, or None; saving the card meets it too, unless `savable`.
    `secure` says when 3-D Secure is asked for, `dispute` what the cardholder does a moment after paying."""

    number: str
    brand: str
    title: str
    decline: str | None = None
    secure: Literal["never", "once", "always"] = "never"
    refund: Literal["at_once", "pending", "fails_later"] = "at_once"
    dispute: Literal["", "chargeback", "inquiry"] = ""
    savable: bool = False
    funding: str = "credit"
    country: str = "US"

    @property
    def last4(self) -> str:
        return self.number[-4:]

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.number.encode()).hexdigest()[:16]

    @property
    def spaced(self) -> str:
        return " ".join(re.findall(".{1,4}", self.number))


KNOWN = {
    card.number: card
    for card in [
        Card("4242424242424242", "visa", "Pays"),
        Card("4000056655665556", "visa", "Pays, Visa debit", funding="debit"),
        Card("5555555555554444", "mastercard", "Pays, Mastercard"),
        Card("378282246310005", "amex", "Pays, American Express"),
        Card("4000000000000002", "visa", "Declined", decline="generic_decline"),
        Card("4000000000009995", "visa", "Insufficient funds", decline="insufficient_funds"),
        Card("4000000000009987", "visa", "Lost card", decline="lost_card"),
        Card("4000000000009979", "visa", "Stolen card", decline="stolen_card"),
        Card("4000000000000069", "visa", "Expired card", decline="expired_card"),
        Card("4000000000000127", "visa", "Wrong security code", decline="incorrect_cvc"),
        Card("4000000000000119", "visa", "Processing error", decline="processing_error"),
        Card("4000000000006975", "visa", "Too many attempts", decline="card_velocity_exceeded"),
        Card("4100000000000019", "visa", "Blocked as fraud", decline="fraudulent"),
        Card("4000002500003155", "visa", "3-D Secure, first time only", secure="once"),
        Card("4000002760003184", "visa", "3-D Secure, every time", secure="always"),
        Card("4000008400001629", "visa", "3-D Secure, then declined", decline="generic_decline", secure="always"),
        Card("4000000000000341", "visa", "Can be saved, every charge fails", decline="generic_decline", savable=True),
        Card("4000000000000259", "visa", "Pays, disputed later", dispute="chargeback"),
        Card("4000000000001976", "visa", "Pays, inquiry later", dispute="inquiry"),
        Card("4000000000007726", "visa", "Pays, refund is pending first", refund="pending"),
        Card("4000000000005126", "visa", "Pays, refund fails later", refund="fails_later"),
    ]
}
# The cards as Stripe names them for programs: https://docs.stripe.com/testing?testing-method=payment-methods
NAMED = {
    "pm_card_visa": "4242424242424242",
    "pm_card_visa_debit": "4000056655665556",
    "pm_card_mastercard": "5555555555554444",
    "pm_card_amex": "378282246310005",
    "pm_card_visa_chargeDeclined": "4000000000000002",
    "pm_card_chargeDeclined": "4000000000000002",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_chargeDeclinedExpiredCard": "4000000000000069",
    "pm_card_chargeCustomerFail": "4000000000000341",
    "pm_card_authenticationRequiredOnSetup": "4000002500003155",
    "pm_card_authenticationRequired": "4000002760003184",
    "pm_card_threeDSecure2Required": "4000002760003184",
    "pm_card_createDispute": "4000000000000259",
    "pm_card_createDisputeInquiry": "4000000000001976",
    "pm_card_pendingRefund": "4000000000007726",
    "pm_card_refundFail": "4000000000005126",
}
OFFERED = ["4242424242424242", "4000000000000002", "4000000000009995", "4000002500003155", "4000002760003184"]


def digits(number: str) -> str:
    """The number without the blanks and dashes people type; anything but ASCII digits stays, and is refused later."""
    return re.sub(r"[\s-]", "", number)


def passes_luhn(number: str) -> bool:
    """Whether the check digit fits; False unless 13 to 19 ASCII digits."""
    if not re.fullmatch(r"[0-9]{13,19}", number):
        return False
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def card(number: str) -> Card:
    """The test card with this number; any other number is declined as a live card used in test mode."""
    brand = {"3": "amex", "5": "mastercard", "2": "mastercard", "6": "discover"}.get(number[:1], "visa")
    return KNOWN.get(number) or Card(number, brand, "Not a test card", decline="test_mode_live_card")


def expired(month: int, year: int, today: datetime.date) -> bool:
    """A card is good until the end of the month printed on it."""
    return (year, month) < (today.year, today.month)
