"""People who order through the pages, with a browser's cookies and forms, and never give up.

An order is sent again, the very same form, until it is answered: to another web process when one has died. Some are
sent twice on purpose, also at the same moment.
"""

import random
import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import monotonic, sleep

import psycopg
import requests
from django.contrib.auth.hashers import PBKDF2PasswordHasher

AREAS = ["front-yard", "back-yard", "walkway", "side-yard", "patio"]
PASSWORD = "a-long-passphrase"
HASH = PBKDF2PasswordHasher().encode(PASSWORD, "salt-of-many", iterations=1000)
PATIENCE_SECONDS = 90
TIMES_GONE_BACK = 4
SENT_AGAIN, SENT_AT_ONCE = 0.10, 0.10  # shares of all orders
ACKNOWLEDGED, TOO_POOR = 303, 402
COME_BACK = {409, 503}  # the reply before is still waited for; the database is busy


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody was told about a form: that it was accepted, or that they cannot pay it. `words` are its own."""

    email: str
    words: str
    kind: str
    generations: int
    accepted: bool
    places: frozenset[str]


def open_account(connection: psycopg.Connection[tuple[object, ...]], email: str, tokens: int) -> None:
    """Write somebody who can sign in and holds so many tokens."""
    person = {"id": uuid.uuid4(), "email": email, "password": HASH, "tokens": tokens}
    with connection.transaction():
        connection.execute(
            "INSERT INTO accounts_user (id, email, password, is_active, is_staff, is_superuser, joined_at) "
            "VALUES (%(id)s, %(email)s, %(password)s, true, false, false, now())",
            person,
        )
        connection.execute(
            'INSERT INTO account_emailaddress (email, verified, "primary", user_id) '
            "VALUES (%(email)s, true, true, %(id)s)",
            person,
        )
        connection.execute("INSERT INTO tokens_tokenaccount (user_id) VALUES (%(id)s)", person)
        connection.execute(
            """
            WITH entry AS (
                INSERT INTO tokens_tokentransaction (account_id, number, bucket, type, amount, balance_after,
                    trial_balance_after, description, key, adjusted_by_id)
                VALUES (%(id)s, 1, 'token', 'adjustment', %(tokens)s, %(tokens)s, 0, 'Given', %(email)s, %(id)s)
                RETURNING account_id
            )
            UPDATE tokens_tokenaccount SET balance = %(tokens)s, last_number = 1 FROM entry WHERE user_id = account_id
            """,
            person,
        )


class Customer:
    """Somebody at a browser who knows all web processes."""

    def __init__(self, email: str, ports: list[int], seed: int) -> None:
        self.email, self.ports = email, ports
        self.dice = random.Random(seed)
        self.browser = requests.Session()
        self.orders: list[Order] = []
        self.conversation = "/chat/"
        self._pages: dict[str, dict[str, object]] = {}

    def sign_in(self) -> None:
        """Sign in by the page."""
        form = {**self._form("/accounts/login/"), "login": self.email, "password": PASSWORD}
        assert self._ask("POST", "/accounts/login/", form).status_code == 302

    def order_designs(self, areas: int) -> Order:
        """Order so many areas with one form and return what was said."""
        words = f"{self.email} wants {uuid.uuid4()}"
        wishes = {"area": self.dice.sample(AREAS, areas), "style": "japanese-zen", "prompt": words}
        return self._order("/generate/", {**self._form("/generate/"), **wishes}, words, "design", areas)

    def send_message(self) -> Order:
        """Send a message into the present conversation, or a new one."""
        words = f"{self.email} asks {uuid.uuid4()}"
        page = "/chat/" if self.dice.random() < 0.3 else self.conversation
        told = self._order(page, {**self._form(page), "text": words}, words, "message", 1)
        for place in told.places:
            self.conversation = re.sub(r"[?#].*", "", place)
        return told

    def _order(self, path: str, form: dict[str, object], words: str, kind: str, generations: int) -> Order:
        lot = self.dice.random()
        copies = 2 if lot < SENT_AT_ONCE else 1
        with ThreadPoolExecutor(copies) as clicks:
            answers = list(clicks.map(lambda _: self._ask("POST", path, form), range(copies)))
        if SENT_AT_ONCE <= lot < SENT_AT_ONCE + SENT_AGAIN:
            answers.append(self._ask("POST", path, form))
        statuses = {answer.status_code for answer in answers}
        assert statuses <= {ACKNOWLEDGED, TOO_POOR}, (path, statuses)
        places = frozenset(answer.headers["Location"] for answer in answers if answer.status_code == ACKNOWLEDGED)
        assert len(places) <= 1, "The same form leads to one place."
        self.orders.append(Order(self.email, words, kind, generations, bool(places), places))
        return self.orders[-1]

    def _form(self, path: str) -> dict[str, object]:
        """Return the hidden fields of a page's form; a page is gone back to a few times, with other wishes."""
        if path not in self._pages or self.dice.random() < 1 / TIMES_GONE_BACK:
            page = self._ask("GET", path).text
            names = ["csrfmiddlewaretoken", *(["key"] if path != "/accounts/login/" else [])]
            self._pages[path] = {name: _hidden(page, name) for name in names}
        return self._pages[path]

    def _ask(self, method: str, path: str, form: dict[str, object] | None = None) -> requests.Response:
        """Ask until there is an answer that is one."""
        deadline = monotonic() + PATIENCE_SECONDS
        while monotonic() < deadline:
            port = random.choice(self.ports)
            try:
                answer = self.browser.request(
                    method, f"http://localhost:{port}{path}", data=form, allow_redirects=False, timeout=30
                )
            except requests.RequestException:
                sleep(0.1)
                continue
            if answer.status_code not in COME_BACK:
                assert answer.status_code < 500, f"{path}: {answer.status_code}\n{answer.text[:2000]}"
                return answer
            sleep(0.2)
        raise AssertionError(f"Nobody answered {method} {path} in {PATIENCE_SECONDS} seconds.")


def _hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*?value="([^"]*)"', page)
    assert found, f"The form has no field {name}."
    return found[1]
