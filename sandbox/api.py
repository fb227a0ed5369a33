"""The front door of the API: who asks, in which version, under which idempotency key, and for what."""

import base64
import binascii
import hashlib
import hmac
import json
import logging

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from sandbox import client_side, faults, findings
from sandbox.calls import Call
from sandbox.errors import ApiError, CardRefused, invalid_request, no_key, other_version, wrong_key
from sandbox.events import current_request
from sandbox.expansion import expand
from sandbox.form_encoding import Form, read_form
from sandbox.idempotency import Answer, once
from sandbox.models import Fault
from sandbox.records import random_letters, writing
from sandbox.refusals import checked
from sandbox.routes import INCLUDED, Route, route_to
from sandbox.stripe_package import API_VERSION

log = logging.getLogger(__name__)


@csrf_exempt  # callers prove themselves with the API key, never with a cookie
def front_door(request: HttpRequest, path: str) -> HttpResponseBase:
    """Answer any request under /v1/. Never raises: what the sandbox did not foresee is a logged 500, as at Stripe."""
    request_id = f"req_{random_letters(14)}"
    fault = faults.take(request.method or "", request.path)
    try:
        if fault:
            faults.strike_before(fault)
        answer = _answer(request, path, request_id, fault)
    except faults.HungUp:
        return faults.hang_up(request)
    except ApiError as error:
        findings.check_refusal(f"{request.method} {request.path}", error)
        answer = Answer(error.status, json.dumps(error.body(request_id)))
    except Exception:
        log.exception("%s %s failed", request.method, request.path)
        answer = Answer(500, json.dumps(faults.SERVER_ERROR))
    response = _response(request, answer, request_id)
    if fault and fault.kind == Fault.Kind.TIMEOUT_AFTER:
        faults.wait(fault)
        return faults.hang_up(request)
    if fault and fault.kind == Fault.Kind.CUT:
        return faults.cut_short(request, response)
    return response


def _response(request: HttpRequest, answer: Answer, request_id: str) -> HttpResponse:
    response = HttpResponse(answer.text, status=answer.status, content_type="application/json")
    response["Request-Id"] = request_id
    response["Access-Control-Allow-Origin"] = "*"  # as at Stripe: callers prove themselves by keys, not by cookies
    response["Stripe-Version"] = API_VERSION
    if key := request.headers.get("Idempotency-Key"):
        response["Idempotency-Key"] = key
    if answer.original:
        response["Idempotent-Replayed"] = "true"
        response["Original-Request"] = answer.original
    return response


def _answer(request: HttpRequest, path: str, request_id: str, fault: Fault | None) -> Answer:
    form = _form(request) if "Authorization" not in request.headers else {}
    by_browser = client_side.is_asking(form)
    if by_browser:
        client_side.check_publishable_key(form)
    else:
        _check_key(request)
        form = _form(request)
    if (version := request.headers.get("Stripe-Version", API_VERSION)) != API_VERSION:
        raise other_version(version, API_VERSION)
    route, keys = route_to(request.method or "", path, client=by_browser)
    idempotency_key = request.headers.get("Idempotency-Key", "") if route.method == "POST" else ""

    def work() -> Answer:
        return _executed(route, keys, form, fault)

    executing = current_request.set((request_id, idempotency_key or None))
    try:
        if idempotency_key:
            return once(idempotency_key, _fingerprint(request, form), request_id, work)
        if route.method == "GET":
            return work()
        with writing():
            return work()
    finally:
        current_request.reset(executing)


def _executed(route: Route, keys: tuple[str, ...], form: Form, fault: Fault | None) -> Answer:
    answer = _effect(route, keys, form)
    if fault and fault.kind == Fault.Kind.ERROR_500_AFTER:
        return Answer(500, json.dumps(faults.SERVER_ERROR))
    return answer


def _effect(route: Route, keys: tuple[str, ...], form: Form) -> Answer:
    params = checked(route.parameters, form)
    paths = params.pop("expand", [])
    try:
        body = route.answer(Call(keys, params))
    except CardRefused as refusal:  # caught within the transaction: the failed charge and its events stay
        request_id, _ = current_request.get()
        return Answer(refusal.status, json.dumps(refusal.body(request_id or "")))
    expand(body, paths, INCLUDED)
    if isinstance(route.parameters, str):  # a browser is shown only a part of each object
        findings.check_answer(f"{route.method} {route.parameters}", body)
    return Answer(200, json.dumps(body))


def _check_key(request: HttpRequest) -> None:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    key = ""
    if scheme.lower() == "bearer":
        key = value.strip()
    elif scheme.lower() == "basic":
        try:
            key = base64.b64decode(value, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            key = ""
    if not key:
        raise no_key()
    if not hmac.compare_digest(key.encode(), settings.API_KEY.encode()):
        raise wrong_key(key)


def _form(request: HttpRequest) -> Form:
    encoded = request.META.get("QUERY_STRING", "")
    try:
        if request.method == "POST":
            content_type = request.content_type or ""
            if request.body and content_type != "application/x-www-form-urlencoded":
                raise invalid_request(
                    "Invalid request (check that your POST content type is application/x-www-form-urlencoded): "
                    f"{content_type}"
                )
            encoded = request.body.decode()
        return read_form(encoded)
    except RequestDataTooBig:
        raise ApiError(413, "The request is too large.") from None
    except ValueError:
        raise invalid_request("The request is not UTF-8, or has too many parameters.") from None


def _fingerprint(request: HttpRequest, form: Form) -> str:
    told = json.dumps([request.method, request.path, form], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()
