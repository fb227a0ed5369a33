"""Refusals in Stripe's own words and shape: https://docs.stripe.com/api/errors"""

from typing import Any


class ApiError(Exception):
    """An answer other than 2xx. `started` says whether execution had begun: only then is the answer kept for the
    request's idempotency key (https://docs.stripe.com/api/idempotent_requests)."""

    def __init__(self, status: int, message: str, *, started: bool = False, **facts: Any) -> None:
        super().__init__(message)
        self.status = status
        self.started = started
        self.facts: dict[str, Any] = {"type": "invalid_request_error", **facts, "message": message}

    def body(self, request_id: str) -> dict[str, Any]:
        error = {name: value for name, value in self.facts.items() if value is not None}
        if code := error.get("code"):
            error["doc_url"] = f"https://docs.stripe.com/error-codes#{code.replace('_', '-')}"
        error["request_log_url"] = f"https://dashboard.stripe.com/test/logs/{request_id}"
        return {"error": error}


class CardRefused(ApiError):
    """402: the bank said no. Unlike other refusals this one has effects - a failed charge, an event - so the front door
    answers it inside the transaction, which stays."""

    def __init__(self, error: dict[str, Any], **subject: Any) -> None:
        """`error` is the intent's last error; `subject` the payment_intent or setup_intent it happened to."""
        facts = {name: value for name, value in error.items() if name != "message"}
        super().__init__(402, error["message"], started=True, **facts, **subject)


def invalid_request(message: str, *, param: str | None = None, code: str | None = None) -> ApiError:
    return ApiError(400, message, param=param, code=code)


def missing_parameter(param: str) -> ApiError:
    return invalid_request(f"Missing required param: {param}.", param=param, code="parameter_missing")


def unknown_parameters(names: list[str]) -> ApiError:
    plural = "s" if len(names) > 1 else ""
    message = f"Received unknown parameter{plural}: {', '.join(names)}"
    return invalid_request(message, param=names[0], code="parameter_unknown")


def no_such(kind: str, key: str, *, param: str = "id", status: int = 404) -> ApiError:
    return ApiError(status, f"No such {kind}: '{key}'", code="resource_missing", param=param)


def unknown_url(method: str, path: str) -> ApiError:
    message = (
        f"Unrecognized request URL ({method}: {path}). If you are trying to list objects, remove the trailing "
        "slash. If you are trying to retrieve an object, make sure you passed a valid (non-empty) identifier in "
        "your code. This sandbox serves the addresses listed in sandbox/README.md."
    )
    return ApiError(404, message)


def no_key() -> ApiError:
    message = (
        "You did not provide an API key. You need to provide your API key in the Authorization header, using "
        "Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
    )
    return ApiError(401, message)


def wrong_key(key: str) -> ApiError:
    masked = f"{key[:8]}{'*' * max(0, min(len(key), 40) - 12)}{key[-4:]}" if len(key) > 12 else "*" * len(key)
    return ApiError(401, f"Invalid API Key provided: {masked}", code="invalid_api_key")


def other_version(asked: str, served: str) -> ApiError:
    return ApiError(400, f"Invalid Stripe API version: {asked}. This sandbox serves {served} only.")


def key_reused() -> ApiError:
    message = (
        "Keys for idempotent requests can only be used with the same parameters they were first used with. Try "
        "using a key other than the one you sent if you meant to execute a different request."
    )
    return ApiError(400, message, type="idempotency_error")


def key_in_use(key: str) -> ApiError:
    message = (
        f"There is currently another in-progress request using this Idempotent Key ({key}) (that probably means "
        "you submitted twice, and the other request is still going through)."
    )
    return ApiError(409, message, type="idempotency_error", code="idempotency_key_in_use")


def key_too_long(length: int) -> ApiError:
    message = f"Invalid Idempotency-Key: it has {length} characters, and at most 255 are allowed."
    return ApiError(400, message, type="idempotency_error")
