"""Long lists of runs are quick: indexes of the shared pool, and the texts that are searched."""

from django.db import migrations, models

from modelwright.runs.pool_tables import pool_indexes, run_texts


class Migration(migrations.Migration):
    atomic = False  # PostgreSQL builds an index beside those who write only outside a transaction

    dependencies = [
        ("runs", "0007_trainingrun_request_id_trainingrun_traceparent"),
        ("accounts", "0004_events"),
    ]

    operations = [
        pool_indexes(),
        run_texts(),
        migrations.CreateModel(
            name="RunText",
            fields=[
                ("number", models.BigIntegerField(db_column="rowid", primary_key=True, serialize=False)),
                ("version", models.TextField()),
                ("body", models.TextField()),
            ],
            options={"db_table": "run_texts", "managed": False},
        ),
    ]
