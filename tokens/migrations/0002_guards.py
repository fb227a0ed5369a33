"""What PostgreSQL itself refuses: rewriting the books, and rows that do not follow from the last one."""

from django.db import migrations

APPEND_ONLY = [
    """
CREATE FUNCTION token_transaction_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'token_transaction_is_append_only: % refused; write a correcting row instead', TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$
""",
    """
CREATE TRIGGER token_transaction_is_append_only
    BEFORE UPDATE OR DELETE ON tokens_tokentransaction
    FOR EACH ROW EXECUTE FUNCTION token_transaction_is_append_only()
""",
    """
CREATE TRIGGER token_transaction_is_never_truncated
    BEFORE TRUNCATE ON tokens_tokentransaction
    FOR EACH STATEMENT EXECUTE FUNCTION token_transaction_is_append_only()
""",
]

FOLLOWS_THE_LAST = [
    """
CREATE FUNCTION token_transaction_follows_the_last() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last_balance integer := 0;
    last_trial integer := 0;
BEGIN
    IF NEW.number > 1 THEN
        SELECT balance_after, trial_balance_after INTO last_balance, last_trial
        FROM tokens_tokentransaction WHERE account_id = NEW.account_id AND number = NEW.number - 1;
    END IF;
    IF last_balance IS NULL
        OR NEW.balance_after <> last_balance + (CASE NEW.bucket WHEN 'token' THEN NEW.amount ELSE 0 END)
        OR NEW.trial_balance_after <> last_trial + (CASE NEW.bucket WHEN 'trial' THEN NEW.amount ELSE 0 END)
    THEN
        RAISE EXCEPTION 'token_transaction_follows_the_last: number % of account %', NEW.number, NEW.account_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$
""",
    """
CREATE TRIGGER token_transaction_follows_the_last
    BEFORE INSERT ON tokens_tokentransaction
    FOR EACH ROW EXECUTE FUNCTION token_transaction_follows_the_last()
""",
]

ACCOUNT_MATCHES = [
    """
CREATE FUNCTION token_account_matches_its_last_transaction() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.last_number = 0 THEN
        IF NEW.balance = 0 AND NEW.trial_balance = 0 THEN RETURN NULL; END IF;
    ELSE
        PERFORM FROM tokens_tokentransaction
        WHERE account_id = NEW.user_id AND number = NEW.last_number
            AND balance_after = NEW.balance AND trial_balance_after = NEW.trial_balance;
        IF FOUND THEN RETURN NULL; END IF;
    END IF;
    RAISE EXCEPTION 'token_account_matches_its_last_transaction: account %', NEW.user_id
        USING ERRCODE = 'integrity_constraint_violation';
END $$
""",
    """
CREATE TRIGGER token_account_opens_empty
    AFTER INSERT ON tokens_tokenaccount
    FOR EACH ROW EXECUTE FUNCTION token_account_matches_its_last_transaction()
""",
    """
CREATE TRIGGER token_account_matches_its_last_transaction
    AFTER UPDATE OF balance, trial_balance, last_number ON tokens_tokenaccount
    FOR EACH ROW EXECUTE FUNCTION token_account_matches_its_last_transaction()
""",
]

TRANSACTION_MATCHES = [
    """
CREATE FUNCTION token_transaction_reaches_its_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM tokens_tokenaccount WHERE user_id = NEW.account_id AND last_number >= NEW.number;
    IF FOUND THEN RETURN NULL; END IF;
    RAISE EXCEPTION 'token_transaction_reaches_its_account: number % of account %', NEW.number, NEW.account_id
        USING ERRCODE = 'integrity_constraint_violation';
END $$
""",
    """
CREATE TRIGGER token_transaction_reaches_its_account
    AFTER INSERT ON tokens_tokentransaction
    FOR EACH ROW EXECUTE FUNCTION token_transaction_reaches_its_account()
""",
]

UNDO = [
    """
DROP TRIGGER token_transaction_reaches_its_account ON tokens_tokentransaction
""",
    """
DROP FUNCTION token_transaction_reaches_its_account()
""",
    """
DROP TRIGGER token_account_matches_its_last_transaction ON tokens_tokenaccount
""",
    """
DROP TRIGGER token_account_opens_empty ON tokens_tokenaccount
""",
    """
DROP FUNCTION token_account_matches_its_last_transaction()
""",
    """
DROP TRIGGER token_transaction_follows_the_last ON tokens_tokentransaction
""",
    """
DROP FUNCTION token_transaction_follows_the_last()
""",
    """
DROP TRIGGER token_transaction_is_never_truncated ON tokens_tokentransaction
""",
    """
DROP TRIGGER token_transaction_is_append_only ON tokens_tokentransaction
""",
    """
DROP FUNCTION token_transaction_is_append_only()
""",
]


class Migration(migrations.Migration):
    dependencies = [("tokens", "0001_books")]
    operations = [
        migrations.RunSQL(APPEND_ONLY + FOLLOWS_THE_LAST + ACCOUNT_MATCHES + TRANSACTION_MATCHES, UNDO),
    ]
