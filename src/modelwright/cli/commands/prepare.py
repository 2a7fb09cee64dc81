"""`modelwright prepare`: everything that must be there before the parts start.

`modelwright up` calls it; by hand it is useful where the parts run apart.
"""

from typing import Annotated

import typer
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from modelwright.accounts.models import User
from modelwright.accounts.services import user_create
from modelwright.cli.errors import CommandError
from modelwright.cli.running import new_app
from modelwright.cli.samples import (
    machines_ever,
    sample_machines_go_on,
    sample_machines_load,
    sample_trainings_submit,
    samples_load,
)
from modelwright.config.settings import env
from modelwright.core.errors import InvalidInputError
from modelwright.runs.errors import SubjectBusyError
from modelwright.runs.models import TrainingRun
from modelwright.runs.services import TrainingRequest, training_submit

app = new_app()
ADMIN = "admin"


@app.command()
def prepare(
    no_samples: Annotated[
        bool, typer.Option("--no-samples", help="Don't load the sample data.")
    ] = False,
) -> None:
    """Set up the database, the user `admin` and the sample data, each where it is missing."""
    _migrate()
    typer.echo(_first_admin())
    if not no_samples:
        _first_training()
        _machines()


def _migrate() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        typer.echo("Setting up the database …")
        call_command("migrate", interactive=False, verbosity=0)


def _first_admin() -> str:
    """Make the first administrator and return what to tell about signing in."""
    if User.objects.filter(username=ADMIN).exists():
        return (
            f"Sign in as {ADMIN} with the password that was set before"
            f" (new one: modelwright user password {ADMIN})."
        )
    if User.objects.filter(is_superuser=True).exists():
        return "Sign in with your account."
    given = env.str("MODELWRIGHT_ADMIN_PASSWORD", default="")
    try:
        new = user_create(username=ADMIN, groups=["admin"], superuser=True, password=given or None)
    except InvalidInputError as error:
        raise CommandError(f"MODELWRIGHT_ADMIN_PASSWORD can't be used: {error}") from error
    if given:
        return f"Sign in as {ADMIN} with the password of MODELWRIGHT_ADMIN_PASSWORD."
    return f"Sign in as {ADMIN} with the password {new.password} (it is not shown again)."


def _first_training() -> None:
    """Write the sample data and have a first version trained, so that no page is empty."""
    samples_load()
    if TrainingRun.objects.exists():
        return
    request = TrainingRequest(
        dataset_path=settings.SAMPLE_DATASET,
        notes="First training, on the sample data.",
    )
    try:
        training_submit(request=request, user=User.objects.filter(username=ADMIN).first())
    except SubjectBusyError:
        typer.echo("The first training is on its way already.")


def _machines() -> None:
    """Make the sample machines where there has never been one, or have them read on."""
    admin = User.objects.filter(username=ADMIN).first()
    if machines_ever():
        sample_machines_go_on(user=admin)
        return
    made = sample_machines_load(user=admin)
    sample_trainings_submit(made, user=admin)
    typer.echo(f"Made {len(made)} sample machines; their first models are trained as you look.")
