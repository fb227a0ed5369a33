"""The guards count debt: what is held less what is owed follows from the last row, and only a reversal owes more."""

from importlib import import_module

from django.db import migrations

before = import_module("tokens.migrations.0002_guards")

FOLLOWS_THE_LAST = """
CREATE OR REPLACE FUNCTION token_transaction_follows_the_last() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last_held integer := 0;
    last_trial integer := 0;
    last_debt integer := 0;
BEGIN
    IF NEW.number > 1 THEN
        SELECT balance_after - debt_after, trial_balance_after, debt_after INTO last_held, last_trial, last_debt
        FROM tokens_tokentransaction WHERE account_id = NEW.account_id AND number = NEW.number - 1;
    END IF;
    IF last_held IS NULL
        OR NEW.balance_after - NEW.debt_after <> last_held + (CASE NEW.bucket WHEN 'token' THEN NEW.amount ELSE 0 END)
        OR NEW.trial_balance_after <> last_trial + (CASE NEW.bucket WHEN 'trial' THEN NEW.amount ELSE 0 END)
    THEN
        RAISE EXCEPTION 'token_transaction_follows_the_last: number % of account %', NEW.number, NEW.account_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.debt_after > last_debt AND NEW.type <> 'reversal' THEN
        RAISE EXCEPTION 'token_transaction_only_a_reversal_makes_debt: number % of account %',
            NEW.number, NEW.account_id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$
"""

ACCOUNT_MATCHES = """
CREATE OR REPLACE FUNCTION token_account_matches_its_last_transaction() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.last_number = 0 THEN
        IF NEW.balance = 0 AND NEW.trial_balance = 0 AND NEW.debt = 0 THEN RETURN NULL; END IF;
    ELSE
        PERFORM FROM tokens_tokentransaction
        WHERE account_id = NEW.user_id AND number = NEW.last_number AND balance_after = NEW.balance
            AND trial_balance_after = NEW.trial_balance AND debt_after = NEW.debt;
        IF FOUND THEN RETURN NULL; END IF;
    END IF;
    RAISE EXCEPTION 'token_account_matches_its_last_transaction: account %', NEW.user_id
        USING ERRCODE = 'integrity_constraint_violation';
END $$
"""

WATCH_DEBT = [
    "DROP TRIGGER token_account_matches_its_last_transaction ON tokens_tokenaccount",
    """
CREATE TRIGGER token_account_matches_its_last_transaction
    AFTER UPDATE OF balance, trial_balance, debt, last_number ON tokens_tokenaccount
    FOR EACH ROW EXECUTE FUNCTION token_account_matches_its_last_transaction()
""",
]

UNDO = [
    "DROP TRIGGER token_account_matches_its_last_transaction ON tokens_tokenaccount",
    before.ACCOUNT_MATCHES[2],
    before.ACCOUNT_MATCHES[0].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"),
    before.FOLLOWS_THE_LAST[0].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"),
]


class Migration(migrations.Migration):
    dependencies = [("tokens", "0003_debt_and_marks")]
    operations = [migrations.RunSQL([FOLLOWS_THE_LAST, ACCOUNT_MATCHES, *WATCH_DEBT], UNDO)]
