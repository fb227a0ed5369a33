"""Which mailbox an address leads to. Several spellings of one mailbox make one person for the free trial."""

import re

DOTS_DO_NOT_COUNT = frozenset({"gmail.com", "googlemail.com"})
SAME_DOMAIN = {"googlemail.com": "gmail.com"}


def mailbox(email: str) -> str:
    """Return the one spelling that stands for `email`'s mailbox; never shown, never mailed to.

    Lower-cases, drops a plus-tag, takes quotes off, writes an international domain in its ASCII form, and drops
    dots where the provider ignores them.
    """
    local, _, domain = email.strip().lower().rpartition("@")
    domain = _ascii(domain).rstrip(".")
    local = _unquoted(local).split("+", 1)[0]
    if domain in DOTS_DO_NOT_COUNT:
        local = local.replace(".", "")
    return f"{local}@{SAME_DOMAIN.get(domain, domain)}"


def _ascii(domain: str) -> str:
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain


def is_quoted(email: str) -> bool:
    """Whether the part before the @ is written in quotes or with escapes, which almost no real address is."""
    return bool(set('"\\') & set(email))


def _unquoted(local: str) -> str:
    """Return what a mail server reads: `"a\\bc"` is another spelling of `abc`."""
    if local.startswith('"') and local.endswith('"'):
        local = local[1:-1]
    return re.sub(r"\\(.)", r"\1", local)
