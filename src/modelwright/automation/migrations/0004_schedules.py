"""The runs of scheduled jobs become jobs; schedules and schedulers get tables."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import modelwright.core.clock
from modelwright.runs.guards import end_states_are_final


class Migration(migrations.Migration):

    dependencies = [
        ('automation', '0003_gathering'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.DeleteModel(name='ScheduleRun'),
        migrations.CreateModel(
            name='SchedulerProcess',
            fields=[
                ('name', models.CharField(max_length=128, primary_key=True, serialize=False)),
                ('hostname', models.CharField(max_length=255)),
                ('pid', models.PositiveIntegerField()),
                ('version', models.CharField(max_length=32)),
                ('started_at', models.DateTimeField(default=modelwright.core.clock.now)),
                ('seen_at', models.DateTimeField(db_index=True, default=modelwright.core.clock.now)),
            ],
            options={
                'db_table': 'schedulers',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Schedule',
            fields=[
                ('name', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('expression', models.CharField(blank=True, default='', max_length=100)),
                ('timezone', models.CharField(blank=True, default='', max_length=64)),
                ('is_enabled', models.BooleanField(default=True)),
                ('since', models.DateTimeField(default=modelwright.core.clock.now, help_text='Last changed or gone on with: no time before it is caught up.')),
                ('updated_at', models.DateTimeField(default=modelwright.core.clock.now)),
                ('updated_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'schedules',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='ScheduleRun',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('status', models.CharField(choices=[('pending', 'Pending'), ('running', 'Running'), ('completed', 'Completed'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], db_default='pending', default='pending', max_length=16)),
                ('priority', models.SmallIntegerField(default=0, help_text='Higher goes first.')),
                ('created_at', models.DateTimeField(default=modelwright.core.clock.now, editable=False)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('worker', models.CharField(blank=True, default='', max_length=128)),
                ('attempt', models.PositiveIntegerField(default=0)),
                ('crashes', models.PositiveIntegerField(default=0)),
                ('beat_at', models.DateTimeField(blank=True, help_text='Last sign of life.', null=True)),
                ('rung_at', models.DateTimeField(default=modelwright.core.clock.now, help_text='When a worker was last told of it.')),
                ('cancel_requested', models.BooleanField(default=False)),
                ('time_limit_seconds', models.FloatField(blank=True, null=True)),
                ('memory_limit_mb', models.PositiveIntegerField(blank=True, null=True)),
                ('progress_percent', models.FloatField(default=0.0)),
                ('progress_step', models.CharField(blank=True, default='', max_length=32)),
                ('progress_message', models.CharField(blank=True, default='', max_length=255)),
                ('error_type', models.CharField(blank=True, default='', max_length=64)),
                ('error_message', models.TextField(blank=True, default='')),
                ('name', models.CharField(max_length=64)),
                ('due_at', models.DateTimeField(help_text='When it should have run; by hand: when asked.')),
                ('by_hand', models.BooleanField(default=False)),
                ('result', models.JSONField(blank=True, default=dict)),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'schedule_runs',
                'ordering': ['-created_at'],
                'indexes': [models.Index(condition=models.Q(('status', 'pending')), fields=['-priority', 'created_at'], name='schedule_runs_pending'), models.Index(condition=models.Q(('status', 'running')), fields=['beat_at'], name='schedule_runs_beat'), models.Index(fields=['status', '-created_at'], name='schedule_runs_by_status'), models.Index(fields=['user', '-started_at'], name='schedule_runs_by_user'), models.Index(fields=['name', '-created_at'], name='schedule_runs_new')],
                'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['pending', 'running', 'completed', 'failed', 'cancelled'])), name='schedule_runs_status'), models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', True), ('status__in', ['pending', 'running'])), models.Q(('finished_at__isnull', False), ('status__in', ['cancelled', 'completed', 'failed'])), _connector='OR'), name='schedule_runs_ended_has_time'), models.UniqueConstraint(fields=('name', 'due_at', 'by_hand'), name='schedule_runs_once_per_due_time'), models.UniqueConstraint(condition=models.Q(('status__in', ['pending', 'running'])), fields=('name',), name='schedule_runs_one_open_per_job')],
            },
        ),
        end_states_are_final('schedule_runs'),
    ]
