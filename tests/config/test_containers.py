"""What is written down for servers - Dockerfile, compose.yaml, units, `.env.example` - is true of this checkout."""

import ast
import json
import re
import shlex
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, cast

import pytest
from ruamel.yaml import YAML

from tests.whole_shop import ROOT

SHOP = ("migrate", "web-a", "web-b", "worker", "billing")
# Told to every process by its image or unit, not by the one who fills in shop.env.
TOLD_BY_THE_IMAGE = {"PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}


def read(name: str) -> str:
    return (ROOT / name).read_text()


def compose() -> dict[str, Any]:
    return cast(dict[str, Any], YAML(typ="safe").load(read("compose.yaml")))


def names_read_by(path: Path) -> set[str]:
    """Return the names of the environment that a file asks for: `env.kind("NAME")` and `os.environ.get("NAME")`."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            asked, first = ast.unparse(node.func), node.args[0]
            if isinstance(first, ast.Constant) and (re.fullmatch(r"env\.\w+", asked) or asked == "os.environ.get"):
                names.add(str(first.value))
    return names


def all_names() -> set[str]:
    return {name for file in ("settings", "gunicorn", "probe") for name in names_read_by(ROOT / f"config/{file}.py")}


def procfile() -> dict[str, list[str]]:
    lines = (line.split(":", 1) for line in read("Procfile").splitlines())
    return {name: shlex.split(command) for name, command in lines}


def unit(name: str) -> dict[str, str]:
    lines = (line.split("=", 1) for line in read(f"deploy/systemd/{name}").splitlines() if "=" in line)
    return dict(cast(list[tuple[str, str]], list(lines)))


class TestTheExampleOfTheEnvironment:
    EXAMPLE = re.compile(r"^# ([A-Z][A-Z0-9_]*)=(.*)$", re.MULTILINE)

    def test_names_all_that_is_read_and_nothing_else(self) -> None:
        assert {name for name, _ in self.EXAMPLE.findall(read(".env.example"))} == all_names()

    def test_the_search_for_names_finds_what_it_should(self) -> None:
        assert {"SITE_URL", "PGBOUNCER", "STRIPE_WEBHOOK_SECRET", "WEB_BIND"} < all_names()

    def test_each_line_can_be_used_as_it_stands(self) -> None:
        """What follows `=` is the value in every program that reads such files: an explanation there would be, too."""
        odd = [
            (name, value) for name, value in self.EXAMPLE.findall(read(".env.example")) if re.search(r"\s{2}|#", value)
        ]
        assert odd == []


class TestTheImage:
    def test_what_it_copies_is_there_and_not_left_out(self) -> None:
        copied = [
            word
            for line in re.findall(r"^COPY (?!--from)(.+)$", read("Dockerfile"), re.MULTILINE)
            for word in line.split()[:-1]
        ]
        let_in = [line[1:] for line in read(".dockerignore").splitlines() if line.startswith("!")]
        assert len(copied) == 9
        assert [name for name in copied if not list(ROOT.glob(name)) or name not in let_in] == []

    def test_every_app_is_in_it_and_nothing_for_laptops(self) -> None:
        dockerfile = read("Dockerfile")
        for package in ("config", "accounts", "tokens", "billing", "generations", "templates", "static"):
            assert f"COPY {package} {package}\n" in dockerfile
        left_out = [line for line in read(".dockerignore").splitlines() if line and line[0] not in "!#"]
        for secret in (
            ".env",
            "shop.env",
            ".git/config",
            ".local/postgres",
            "tests/conftest.py",
            "sandbox/settings.py",
        ):
            assert any(fnmatch(secret, pattern) for pattern in left_out)
            assert f"!{secret.split('/', maxsplit=1)[0]}" not in read(".dockerignore").splitlines()

    def test_it_runs_as_somebody_without_rights(self) -> None:
        assert re.findall(r"^USER (.+)$", read("Dockerfile"), re.MULTILINE) == ["10001:10001"]

    def test_what_it_tells_the_shop_is_read(self) -> None:
        [told] = re.findall(r"^ENV (PATH=(?:.|\\\n)+?[^\\])\n[A-Z]", read("Dockerfile"), re.MULTILINE)
        assert set(re.findall(r"([A-Z_]+)=", told)) - TOLD_BY_THE_IMAGE <= all_names()


class TestTheServices:
    def test_each_does_what_its_line_of_the_procfile_says(self) -> None:
        services, lines = compose()["services"], procfile()
        [web] = re.findall(r"^CMD \[(.+)\]$", read("Dockerfile"), re.MULTILINE)
        assert json.loads(f"[{web}]") == lines["web"]
        assert services["worker"]["command"] == lines["worker"]
        assert services["billing"]["command"] == lines["billing"]
        # Static files are in the image already.
        released = shlex.split(services["migrate"]["command"][-1])
        steps = " ".join(word for word in released if word != "--no-input")
        assert f"{steps} && python manage.py collectstatic --no-input" == " ".join(lines["release"])

    def test_the_units_do_the_same(self) -> None:
        lines, venv = procfile(), "/srv/shop/.venv/bin/"
        for name, line in (("web@", "web"), ("worker@", "worker"), ("billing", "billing")):
            assert shlex.split(unit(f"shop-{name}.service")["ExecStart"].removeprefix(venv)) == lines[line]

    def test_the_commands_name_what_exists(self) -> None:
        words = {word for command in procfile().values() for word in command}
        assert {"config/gunicorn.py", "config.wsgi", "config.worker", "manage.py"} < words
        for path in ("config/gunicorn.py", "config/wsgi.py", "config/worker.py", "config/probe.py", "manage.py"):
            assert (ROOT / path).is_file()

    def test_what_they_are_told_is_read(self) -> None:
        told = {name for service in SHOP for name in compose()["services"][service]["environment"]}
        assert told == {"SITE_URL", "DATABASE_URL", "DATABASE_DIRECT_URL", "PGBOUNCER"}
        assert told < all_names()

    def test_what_compose_asks_for_is_in_its_example(self) -> None:
        asked = set(re.findall(r"\$\{([A-Z_]+)", read("compose.yaml")))
        example = set(re.findall(r"^(?:# )?([A-Z_]+)=", read("deploy/compose.env.example"), re.MULTILINE))
        assert example == asked | {"COMPOSE_PROFILES"}

    @pytest.mark.parametrize("service", SHOP)
    def test_those_who_serve_people_know_no_other_password(self, service: str) -> None:
        known = set(re.findall(r"\$\{([A-Z_]*PASSWORD)", str(compose()["services"][service])))
        assert known == {"DATABASE_OWNER_PASSWORD" if service == "migrate" else "DATABASE_PASSWORD"}

    @pytest.mark.parametrize("service", SHOP)
    def test_they_write_nothing_but_pictures(self, service: str) -> None:
        about = compose()["services"][service]
        assert (about["read_only"], about["cap_drop"], about["volumes"]) == (
            True,
            ["ALL"],
            ["media:/var/lib/shop/media"],
        )

    def test_only_the_proxy_is_reached_from_outside(self) -> None:
        services = compose()["services"]
        assert [name for name, about in services.items() if "ports" in about] == ["proxy"]
        assert [name for name, about in services.items() if about["networks"] == ["books"]] == ["db", "pgbouncer"]

    def test_a_worker_may_finish_what_it_makes(self) -> None:
        """It is given more than ENGINE_TIMEOUT_SECONDS, of which 120 is the default."""
        assert compose()["services"]["worker"]["stop_grace_period"] == "150s"
        assert unit("shop-worker@.service")["TimeoutStopSec"] == "150"


def test_the_files_that_compose_mounts_are_there() -> None:
    mounted = [
        volume.split(":", maxsplit=1)[0]
        for about in compose()["services"].values()
        for volume in about.get("volumes", [])
        if volume.startswith("./")
    ]
    assert mounted == ["./deploy/roles.sql", "./deploy/Caddyfile"]
    assert [path for path in mounted if not (ROOT / path).is_file()] == []
