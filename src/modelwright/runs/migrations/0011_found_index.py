"""What a search finds is sorted from one index, and PostgreSQL keeps the texts in capitals."""

from django.db import migrations

from modelwright.runs.pool_tables import found_index, texts_folded


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("runs", "0010_gathered_index")]

    operations = [found_index(), texts_folded()]
