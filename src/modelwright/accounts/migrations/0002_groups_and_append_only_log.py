"""The groups that carry a role exist from the start, and the audit log is only ever added to.

SQLite drops triggers when a later migration rebuilds the table: such a migration must add the
operation again (a test fails until it does).
"""

from django.db import migrations

from modelwright.accounts.guards import audit_is_append_only

GROUPS = ("DRH", "RESPONSABLE_RH", "MANAGER", "admin", "trainer", "viewer")


def make_groups(apps, schema_editor):
    group = apps.get_model("auth", "Group")
    for name in GROUPS:
        group.objects.using(schema_editor.connection.alias).get_or_create(name=name)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RunPython(make_groups, migrations.RunPython.noop),
        audit_is_append_only(),
    ]
