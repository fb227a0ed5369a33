"""What a buyer's browser does in the card form, said to the stand-in directly; and a worker that does what waits."""

import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.test import Client
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from tests.sandbox_process import SandboxProcess

# https://docs.stripe.com/testing
PAYS, DECLINED, POOR, ASKS = "4242424242424242", "4000000000000002", "4000000000009995", "4000002500003155"
CREATE, CONFIRM = "/api/payment/create-payment-intent/", "/api/payment/confirm-payment/"


def post(client: Client, address: str, body: Any) -> Any:
    return client.post(address, json.dumps(body), content_type="application/json")


def order(client: Client, code: str = "package_50", **more: Any) -> dict[str, Any]:
    """Ask for a payment as the card form does, and return the answer."""
    answer = post(client, CREATE, {"package": code, **more})
    assert answer.status_code == 200, answer.content
    said: dict[str, Any] = answer.json()
    return said


def confirm(client: Client, payment: str) -> dict[str, Any]:
    answer = post(client, CONFIRM, {"payment_intent": payment})
    assert answer.status_code == 200, answer.content
    said: dict[str, Any] = answer.json()
    return said


def type_in(sandbox: SandboxProcess, ordered: dict[str, Any], number: str = PAYS) -> dict[str, Any]:
    """Type a card and press the button: Stripe.js confirms the payment. Returns the payment, or the error."""
    return _asked(
        f"{sandbox.url}/v1/payment_intents/{ordered['payment_intent']}/confirm",
        {
            "key": ordered["publishable_key"],
            "client_secret": ordered["client_secret"],
            "payment_method_data[type]": "card",
            "payment_method_data[card][number]": number,
            "payment_method_data[card][exp_month]": "12",
            "payment_method_data[card][exp_year]": "2034",
            "payment_method_data[card][cvc]": "123",
            "return_url": ordered["return_url"],
        },
    )


def answer_bank(intent: dict[str, Any], answer: str) -> None:
    """Answer the bank's question: `complete` or `fail`."""
    url = intent["next_action"]["use_stripe_sdk"]["stripe_js"]
    with urllib.request.urlopen(url, data=urlencode({answer: "yes"}).encode(), timeout=10) as page:
        page.read()


def work() -> list[str]:
    """Do every errand that waits, but mails, and return their names."""
    done = []
    while job := ProcrastinateJob.objects.exclude(task_name="billing.send_mail").order_by("id").first():
        app.tasks[job.task_name](**job.args)
        _forget(job.pk)
        done.append(str(job.task_name))
    return done


def letters() -> list[str]:
    """The names of the letters that wait to be sent."""
    sent = ProcrastinateJob.objects.filter(task_name="billing.send_mail").order_by("id")
    return [job.args["letter"] for job in sent]


def _forget(number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs WHERE id = %s", [number])


def _asked(url: str, form: dict[str, str]) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(url, data=urlencode(form).encode(), timeout=20) as answer:
            body: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as refusal:
        body = json.load(refusal)
    return body
