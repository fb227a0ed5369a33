"""The e-mails the shop wrote to files, read back: several per file, half-written, hostile."""

import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.mailbox import letter, letters
from tests.sandbox.browser import Browser
from tests.sandbox_process import SandboxProcess

END = "\n" + "-" * 79 + "\n"

# Django configured as a shop would, in a process of its own: these tests themselves need no settings.
SENDING = """
import sys
from django.conf import settings
settings.configure(EMAIL_BACKEND="django.core.mail.backends.filebased.EmailBackend", EMAIL_FILE_PATH=sys.argv[1])
from django.core.mail import EmailMultiAlternatives, get_connection
message = EmailMultiAlternatives("Grüße", "Your code:\\n\\n123456\\n", "shop@example.com", ["ann@example.com"])
message.attach_alternative("<p>Your <b>code</b></p>", "text/html")
get_connection().send_messages([message, message])
"""


def written(to: str, subject: str, text: str, *, date: str = "Fri, 20 Nov 2026 13:00:00 -0000") -> str:
    return (
        f'Content-Type: text/plain; charset="utf-8"\nMIME-Version: 1.0\nSubject: {subject}\n'
        f"From: shop@example.com\nTo: {to}\nDate: {date}\n\n{text}\n{END}"
    )


class TestFilesOfTheShop:
    def test_several_letters_of_one_file_are_listed_newest_first(self, tmp_path: Path) -> None:
        one = written("ann@example.com", "First", "a")
        two = written("bob@example.com", "Second", "b", date="Fri, 20 Nov 2026 13:00:01 -0000")
        (tmp_path / "1.log").write_text(one + two)
        assert [(found.to, found.subject, found.index) for found in letters(tmp_path)] == [
            ("bob@example.com", "Second", 1),
            ("ann@example.com", "First", 0),
        ]

    def test_a_letter_counts_only_when_it_is_finished(self, tmp_path: Path) -> None:
        text = written("ann@example.com", "First", "your code is\n\nABC-123") + written(
            "ann@example.com", "Second", "b"
        )
        for length in range(len(text)):
            (tmp_path / "1.log").write_text(text[:length])
            finished = text[:length].count(END)
            assert [found.subject for found in letters(tmp_path)] == ["Second", "First"][2 - finished :]

    def test_what_djangos_own_backend_writes_is_read(self, tmp_path: Path) -> None:
        subprocess.run([sys.executable, "-c", SENDING, str(tmp_path)], check=True, timeout=60)
        found = letters(tmp_path)
        assert [(one.subject, one.to, one.code) for one in found] == [("Grüße", "ann@example.com", "123456")] * 2
        assert "<b>" not in found[0].text

    def test_a_folder_that_does_not_exist_is_an_empty_mailbox(self, tmp_path: Path) -> None:
        assert letters(tmp_path / "nowhere") == []

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"\xff\xfe\x00" * 100,
            b"\n" * 500,
            b"-" * 79,
            b"Subject: =?x?x?x?=\n\nx" + END.encode(),
            END.encode() * 3,
        ],
    )
    def test_rubbish_breaks_nothing(self, tmp_path: Path, raw: bytes) -> None:
        (tmp_path / "rubbish.log").write_bytes(raw)
        (tmp_path / "good.log").write_text(written("ann@example.com", "Good", "x"))
        assert "Good" in [found.subject for found in letters(tmp_path)]

    @pytest.mark.parametrize("name", ["../secret.log", "/etc/passwd", "..", "x.txt", "", ".log/../secret.log"])
    def test_a_name_cannot_lead_out_of_the_folder(self, tmp_path: Path, name: str) -> None:
        folder = tmp_path / "mail"
        folder.mkdir()
        (tmp_path / "secret.log").write_text(written("ann@example.com", "Secret", "x"))
        assert letter(folder, name, 0) is None


class TestCodesAndLinks:
    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("Hello,\n\n    KX7-P2M\n\nbye", "KX7-P2M"),
            ("Hello,\n\nABCDEF1\n", "ABCDEF1"),
            ("Your code is 123456.", "123456"),
            ("THANKS\n\nfor order 12345", ""),
            ("", ""),
        ],
    )
    def test_the_code_stands_out(self, tmp_path: Path, text: str, code: str) -> None:
        (tmp_path / "1.log").write_text(written("ann@example.com", "x", text))
        assert letters(tmp_path)[0].code == code

    def test_links_are_found_without_their_surroundings(self, tmp_path: Path) -> None:
        text = "See http://127.0.0.1:8000/a/?b=c (or https://example.com/d)."
        (tmp_path / "1.log").write_text(written("ann@example.com", "x", text))
        assert letters(tmp_path)[0].links == ["http://127.0.0.1:8000/a/?b=c", "https://example.com/d"]


class TestTheMailPages:
    @pytest.fixture
    def mail(self, sandbox: SandboxProcess) -> Path:
        folder = Path(sandbox.environment["SANDBOX_MAIL_DIR"])
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        return folder

    def test_show_the_text_and_never_the_html(self, browser: Browser, mail: Path) -> None:
        hostile = written("ann@example.com", "<b>Hi</b>", "<script>alert(1)</script>\n\nKX7-P2M\n")
        (mail / "1.log").write_text(hostile)
        inbox, one = browser.get("/mail/").text, browser.get("/mail/1.log/0/").text
        for page in (inbox, one):
            assert "<b>Hi</b>" not in page
            assert "&lt;b&gt;Hi&lt;/b&gt;" in page
        assert "<script>" not in one
        assert 'value="KX7-P2M"' in one

    def test_are_empty_at_first(self, browser: Browser, mail: Path) -> None:
        assert "No e-mails" in browser.get("/mail/").text
        assert browser.get("/mail/latest.json").status == 404

    def test_filter_by_recipient(self, browser: Browser, mail: Path) -> None:
        (mail / "1.log").write_text(
            written("ann@example.com", "For Ann", "x") + written("bob@example.com", "For Bob", "y")
        )
        page = browser.get("/mail/?to=ANN").text
        assert "For Ann" in page
        assert "For Bob" not in page
        assert '"subject": "For Ann"' in browser.get("/mail/latest.json?to=ann@").text
