"""The newest version of each subject answers: what was so without saying is written down."""

from typing import Any

from django.db import migrations
from django.utils.text import slugify


def write_down(apps: Any, schema_editor: Any) -> None:
    there = schema_editor.connection.alias
    version_class = apps.get_model("registry", "ModelVersion")
    subject_class = apps.get_model("registry", "Subject")
    promotion_class = apps.get_model("registry", "Promotion")
    alias_class = apps.get_model("registry", "ModelAlias")
    seen = set()
    taken = set()
    for version in version_class.objects.using(there).select_related("run").order_by("subject", "-number"):
        if version.subject in seen:
            continue
        seen.add(version.subject)
        run = version.run
        stem = slugify(run.preset or f"{run.model_type} {run.target_column}")[:100] or "model"
        slug = next(s for s in (stem, *(f"{stem}-{n}" for n in range(2, 10**6))) if s not in taken)
        taken.add(slug)
        subject = subject_class.objects.using(there).create(
            key=version.subject,
            slug=slug,
            title=version.subject[:300],
            model_type=run.model_type,
            experiment_id=run.experiment_id,
        )
        alias_class.objects.using(there).create(subject=subject, name="champion", version=version)
        promotion_class.objects.using(there).create(
            subject=subject,
            kind="newest",
            to_version=version,
            to_number=version.number,
            reason="The newest version answered before champions were recorded.",
        )


class Migration(migrations.Migration):
    dependencies = [("registry", "0002_champions"), ("runs", "0003_experiment")]

    operations = [migrations.RunPython(write_down, migrations.RunPython.noop)]
