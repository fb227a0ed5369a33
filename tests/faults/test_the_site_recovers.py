"""The whole shop loses its database, or Stripe; it says so politely and goes on by itself when they are back."""

import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import psutil
import pytest

from tests.faults.cluster import Cluster
from tests.whole_shop import WholeShop, open_folder, start_whole_shop

pytestmark = pytest.mark.xdist_group("faults")


@pytest.fixture(scope="module")
def shop() -> Iterator[WholeShop]:
    with open_folder() as folder:
        running = start_whole_shop(folder / "local")
        yield running
        running.stop()


def status(shop: WholeShop, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"{shop.url}{path}", timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def wait_for(shop: WholeShop, path: str, wanted: int) -> str:
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        code, body = status(shop, path)
        if code == wanted:
            return body
        time.sleep(0.2)
    raise AssertionError(f"{path} answers {code}, not {wanted}:\n{body[:2000]}")


def test_a_killed_database_is_a_polite_page_and_then_the_shop_again(shop: WholeShop) -> None:
    assert status(shop, "/")[0] == 200
    assert status(shop, "/readyz")[0] == 200
    database = Cluster(shop.folder / "postgres")
    database.kill()
    code, page = status(shop, "/")
    assert code == 503
    assert "try again" in page.lower()
    assert "Traceback" not in page
    assert status(shop, "/healthz")[0] == 200
    assert status(shop, "/readyz")[0] >= 500
    database.start()
    database.let_go()
    wait_for(shop, "/", 200)
    wait_for(shop, "/readyz", 200)
    assert shop.process.poll() is None, shop.log()
    _the_worker_works_again(shop)


def _the_worker_works_again(shop: WholeShop) -> None:
    """A design started after the outage is painted, so the worker came back without being restarted by hand."""
    script = (
        "from uuid import uuid4; from accounts.models import User; from generations import studio;"
        "[g] = studio.start_designs(user=User.objects.get(email='buyer@example.com'), form_key=uuid4(),"
        "areas=['patio'], style='japanese-zen', prompt='');"
        "import time; from generations.models import Generation;"
        "[time.sleep(0.5) for _ in range(80) if Generation.objects.get(pk=g.pk).state in ('queued', 'running')];"
        "print('ended', Generation.objects.get(pk=g.pk).state)"
    )
    assert "ended succeeded" in shop.manage("shell", "-c", script)
    assert shop.manage("audit_ledger") == "The books are right.\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_stops_and_leaves_nothing_running(number: signal.Signals) -> None:
    """Ctrl-C, a polite kill, and a terminal that is closed."""
    with open_folder() as folder:
        shop = start_whole_shop(folder / "local")
        postmaster = psutil.Process(int((folder / "local/postgres/postmaster.pid").read_text().split()[0]))
        family = [postmaster, *psutil.Process(shop.process.pid).children(recursive=True)]
        code = shop.stop(number)
        assert number != signal.SIGINT or code == 0  # else `make run` calls Ctrl-C an error
        gone, alive = psutil.wait_procs(family, timeout=20)
        assert [process.name() for process in alive] == []
        assert len(gone) > 5
