from django.db import migrations, models

from modelwright.core.indexes import AddIndexBeside


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("runs", "0009_learned_from_predictions")]

    operations = [
        AddIndexBeside(
            model_name="trainingrun",
            index=models.Index(
                condition=models.Q(("gathered__isnull", False)),
                fields=["gathered"],
                name="model_runs_by_gathered",
            ),
        ),
    ]
