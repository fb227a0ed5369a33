"""What PostgreSQL itself refuses: an ended generation changes no more, and its charge is never swapped."""

from django.db import migrations

ENDS_ONCE = [
    """
CREATE FUNCTION generation_ends_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('succeeded', 'failed') AND NEW.state IS DISTINCT FROM OLD.state
        OR NEW.charge_id IS DISTINCT FROM OLD.charge_id
        OR OLD.refund_id IS NOT NULL AND NEW.refund_id IS DISTINCT FROM OLD.refund_id
    THEN
        RAISE EXCEPTION 'generation_ends_once: generation % is %', OLD.id, OLD.state
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$
""",
    """
CREATE TRIGGER generation_ends_once
    BEFORE UPDATE ON generations_generation
    FOR EACH ROW EXECUTE FUNCTION generation_ends_once()
""",
]

UNDO = [
    """
DROP TRIGGER generation_ends_once ON generations_generation
""",
    """
DROP FUNCTION generation_ends_once()
""",
]


class Migration(migrations.Migration):
    dependencies = [("generations", "0001_spending")]
    operations = [migrations.RunSQL(ENDS_ONCE, UNDO)]
