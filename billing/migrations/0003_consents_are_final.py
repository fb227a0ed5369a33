"""What somebody agreed to is never rewritten or removed."""

from django.db import migrations

GUARD = [
    """
CREATE FUNCTION consent_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'consent_is_final: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$
""",
    """
CREATE TRIGGER consent_is_final BEFORE UPDATE OR DELETE ON billing_consent
    FOR EACH ROW EXECUTE FUNCTION consent_is_final()
""",
]
UNDO = ["DROP TRIGGER consent_is_final ON billing_consent", "DROP FUNCTION consent_is_final()"]


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_every_way_money_moves")]
    operations = [migrations.RunSQL(GUARD, UNDO)]
