"""The sample data set."""

from django.conf import settings

from modelwright.engine.samples import write_future_skills_csv


def samples_load(*, again: bool = False) -> bool:
    """Write the sample data set; return False where it was there and is left as it is."""
    path = settings.DATA_ROOT / settings.SAMPLE_DATASET
    if path.exists() and not again:
        return False
    write_future_skills_csv(path)
    return True
