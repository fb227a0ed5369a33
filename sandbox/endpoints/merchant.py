"""/v1/account: the account the key belongs to; https://docs.stripe.com/api/accounts"""

from django.conf import settings

from sandbox.calls import Call
from sandbox.records import Body
from sandbox.shapes import shaped

ACCOUNT = "acct_1Sandbox0000000000"


def retrieve(call: Call) -> Body:
    name = settings.MERCHANT
    return shaped(
        "account",
        id=ACCOUNT,
        business_profile={**dict.fromkeys(_PROFILE), "name": name},
        business_type="company",
        capabilities={"card_payments": "active", "transfers": "active", "us_bank_account_ach_payments": "active"},
        charges_enabled=True,
        country="US",
        created=0,
        default_currency="usd",
        details_submitted=True,
        email="merchant@example.com",
        metadata={},
        payouts_enabled=True,
        settings=_settings(name),
        type="standard",
    )


_PROFILE = (
    "annual_revenue",
    "estimated_worker_count",
    "mcc",
    "minority_owned_business_designation",
    "monthly_estimated_revenue",
    "product_description",
    "support_address",
    "support_email",
    "support_phone",
    "support_url",
    "url",
)
_SPELLINGS = ("statement_descriptor_kana", "statement_descriptor_kanji")
_PREFIXES = ("statement_descriptor_prefix_kana", "statement_descriptor_prefix_kanji")


def _settings(name: str) -> Body:
    return {
        "bacs_debit_payments": None,
        "branding": dict.fromkeys(("icon", "logo", "primary_color", "secondary_color")),
        "card_issuing": None,
        "card_payments": {
            "decline_on": {"avs_failure": False, "cvc_failure": False},
            "statement_descriptor_prefix": None,
            **dict.fromkeys(_PREFIXES),
        },
        "dashboard": {"display_name": name, "timezone": "Etc/UTC"},
        "invoices": {"default_account_tax_ids": None, "hosted_payment_method_save": "offer"},
        "payments": {"statement_descriptor": name.upper()[:22], **dict.fromkeys(_SPELLINGS + _PREFIXES)},
        "payouts": None,
        "sepa_debit_payments": {"creditor_id": None},
    }
