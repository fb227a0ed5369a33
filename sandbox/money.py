"""Currencies and the smallest amounts: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts"""

from sandbox.errors import invalid_request

# In the smallest unit. A currency that is not listed here is not served by the sandbox.
SMALLEST = {
    "aud": 50,
    "brl": 50,
    "cad": 50,
    "chf": 50,
    "czk": 1500,
    "dkk": 250,
    "eur": 50,
    "gbp": 30,
    "hkd": 400,
    "inr": 50,
    "jpy": 50,
    "mxn": 1000,
    "nok": 300,
    "nzd": 50,
    "pln": 200,
    "sek": 300,
    "sgd": 50,
    "usd": 50,
}
ZERO_DECIMAL = {"jpy"}
LARGEST = 99_999_999
SIGNS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}


def check_currency(currency: str, param: str) -> str:
    """Return it in lower case. Raises ApiError for one that does not exist."""
    lower = currency.lower()
    if lower not in SMALLEST:
        listed = ", ".join(SMALLEST)
        raise invalid_request(f"Invalid currency: {currency[:20]}. Stripe currently supports: {listed}", param=param)
    return lower


def check_amount(amount: int, param: str) -> None:
    if amount < 0:
        raise invalid_request("Invalid non-negative integer", param=param, code="parameter_invalid_integer")
    if amount > LARGEST:
        message = f"Amount must be no more than {LARGEST} in the smallest currency unit."
        raise invalid_request(message, param=param, code="amount_too_large")


def spoken(amount: int, currency: str) -> str:
    """The amount as people write it: `$49.00`, `12.50 CHF`."""
    number = f"{amount:,}" if currency in ZERO_DECIMAL else f"{amount / 100:,.2f}"
    sign = SIGNS.get(currency)
    return f"{sign}{number}" if sign else f"{number} {currency.upper()}"
