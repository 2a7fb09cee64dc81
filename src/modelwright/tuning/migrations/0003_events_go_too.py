"""The events of a search and of its pieces go with them, when the database cascades too.

SQLite drops triggers when a later migration rebuilds the table: such a migration must add the
operation again.
"""

from django.db import migrations

from modelwright.runs.guards import events_go_too



class Migration(migrations.Migration):
    dependencies = [("tuning", "0002_end_states_are_final"), ("runs", "0005_jobs_of_machines")]

    operations = [
        events_go_too("tuning_runs"),
        events_go_too("tuning_units"),
    ]
