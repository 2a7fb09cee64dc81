"""Nothing leaves an end state, whoever writes.

SQLite drops triggers when a later migration rebuilds the table: such a migration must add the
operation again.
"""

from django.db import migrations

from modelwright.runs.guards import end_states_are_final


class Migration(migrations.Migration):
    dependencies = [("tuning", "0001_initial")]

    operations = [end_states_are_final("tuning_runs"), end_states_are_final("tuning_units")]
