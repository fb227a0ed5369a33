"""The embedded PostgreSQL: what it refuses with a sentence, and who stops it."""

import json
import os
from pathlib import Path

import pytest

from config import database
from config.database import DatabaseNotStarted, embedded_url


class TestAFolderItCannotUse:
    def test_has_a_space(self, tmp_path: Path) -> None:
        with pytest.raises(DatabaseNotStarted, match="Set LOCAL_DIR"):
            embedded_url(tmp_path / "with space" / "postgres")

    def test_is_half_made(self, tmp_path: Path) -> None:
        folder = tmp_path / "postgres"
        folder.mkdir()
        (folder / "base").touch()
        with pytest.raises(DatabaseNotStarted, match="half made"):
            embedded_url(folder)


class TestAProcessThatDiedWithoutAWord:
    def test_is_taken_off_the_list_of_users(self, tmp_path: Path) -> None:
        handles = tmp_path / ".handle_pids.json"
        handles.write_text(json.dumps([os.getpid(), 2**22 + 1]))
        database._forget_the_dead(handles)
        assert json.loads(handles.read_text()) == [os.getpid()]

    @pytest.mark.parametrize("content", [None, "", "nonsense"])
    def test_is_no_trouble_when_there_is_no_list(self, tmp_path: Path, content: str | None) -> None:
        handles = tmp_path / ".handle_pids.json"
        if content is not None:
            handles.write_text(content)
        database._forget_the_dead(handles)


class TestAnAddressBehindPgBouncer:
    def test_uses_nothing_that_belongs_to_a_session(self) -> None:
        behind = database.connection_settings("postgres://shop@db/shop", behind_pgbouncer=True)
        assert behind["DISABLE_SERVER_SIDE_CURSORS"] is True
        assert set(behind["OPTIONS"]) == {"connect_timeout"}

    def test_and_direct_connections_carry_their_time_outs(self) -> None:
        direct = database.connection_settings("postgres://shop@db/shop", behind_pgbouncer=False)
        for name in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"):
            assert f"-c {name}=" in direct["OPTIONS"]["options"]
