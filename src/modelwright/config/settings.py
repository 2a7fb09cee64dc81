"""Settings, all from the environment or from a `.env` file in MODELWRIGHT_HOME."""

import datetime as dt
import os
import secrets
from pathlib import Path
from typing import Any

import django_stubs_ext
import plotly
from csp.constants import SELF
from django.contrib.messages import constants as messages
from django.core.exceptions import ImproperlyConfigured

from modelwright import __version__
from modelwright.core.files import private_dir, read_or_create_secret
from modelwright.core.service_urls import (
    broker_url,
    database_options,
    mail_options,
    store_options,
)
from modelwright.core.settings_env import SettingsEnv

django_stubs_ext.monkeypatch()  # generic classes of Django may name their model at run time

HOME = Path(os.environ.get("MODELWRIGHT_HOME", "modelwright-data")).absolute()
env = SettingsEnv()
if (HOME / ".env").is_file():
    env.read_env(HOME / ".env")

# --- folders -----------------------------------------------------------------------------------
# HOME is what people see (data sets and models under artifacts/); HOME/system is ours alone and
# closed to every path that comes from a request.
DATA_ROOT = Path(env.str("MODELWRIGHT_DATA_ROOT", default=str(HOME))).absolute()
private_dir(HOME)
SYSTEM_DIR = private_dir(HOME / "system")
SCRATCH_DIR = private_dir(SYSTEM_DIR / "scratch")
BROKER_DIR = SYSTEM_DIR / "broker"
DATASETS_PREFIX = "artifacts/datasets"
UPLOADS_PREFIX = "artifacts/uploads"  # of registered data sets: closed to paths of requests
MODELS_PREFIX = "artifacts/models"
PREDICTIONS_PREFIX = "artifacts/predictions"  # of whole data sets: closed to paths, too
if not os.access(
    Path(__file__).parents[1], os.W_OK
):  # numba keeps what it compiles beside the code
    os.environ.setdefault("NUMBA_CACHE_DIR", str(private_dir(SYSTEM_DIR / "compiled")))
SAMPLE_DATASET = f"{DATASETS_PREFIX}/future_skills_dataset.csv"

# --- Django ------------------------------------------------------------------------------------
VERSION = __version__
SECRET_KEY = env.str("MODELWRIGHT_SECRET_KEY", default="") or read_or_create_secret(
    SYSTEM_DIR / "secret.key", secrets.token_urlsafe(48)
)
DEBUG = False
HTTPS = env.bool("MODELWRIGHT_HTTPS", default=False)
ALLOWED_HOSTS = env.list("MODELWRIGHT_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("MODELWRIGHT_TRUSTED_ORIGINS", default=[])
ROOT_URLCONF = "modelwright.config.urls"
ASGI_APPLICATION = "modelwright.config.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = True
APPEND_SLASH = True
WEB_TURNS = env.int("MODELWRIGHT_WEB_TURNS", default=4)

INSTALLED_APPS = [
    "modelwright.accounts.admin_app.ModelwrightAdminConfig",  # django.contrib.admin
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "knox",
    "axes",
    "csp",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "modelwright.core",
    "modelwright.accounts",
    "modelwright.catalog",
    "modelwright.runs",
    "modelwright.registry",
    "modelwright.serving",
    "modelwright.tuning",
    "modelwright.monitoring",
    "modelwright.abtests",
    "modelwright.automation",
    "modelwright.operations",
    "modelwright.api",
    "modelwright.web",
]

MIDDLEWARE = [
    "modelwright.operations.middleware.ObservedMiddleware",
    # first what guards every answer, also those that others give: static files, refused hosts
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "modelwright.accounts.middleware.GuardsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "modelwright.accounts.middleware.OriginMiddleware",
    "modelwright.accounts.middleware.LimitMiddleware",
    "modelwright.accounts.middleware.AccessMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "modelwright.web.context.page",
            ],
        },
    },
]

# the tones of the pages
MESSAGE_TAGS = {
    messages.SUCCESS: "good",
    messages.ERROR: "bad",
    messages.WARNING: "warn",
    messages.INFO: "info",
}

# --- database ----------------------------------------------------------------------------------
_DATABASE_URL = env.str("MODELWRIGHT_DATABASE_URL", default="")


def _database(url: str) -> dict[str, Any]:
    if url:
        config = database_options(url)
        if env.bool("MODELWRIGHT_DB_POOL", default=False):  # the web server only: it never forks
            config.setdefault("OPTIONS", {})["pool"] = {"min_size": 1, "max_size": 20}
            config["CONN_HEALTH_CHECKS"] = True  # a database that restarted is no failed request
        return config
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": SYSTEM_DIR / "modelwright.sqlite3",
        # to open it anew, and read its tables' layout, takes longer than most questions
        "CONN_MAX_AGE": 10 if env.bool("MODELWRIGHT_DB_POOL", default=False) else 0,
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;"
                "PRAGMA mmap_size=134217728; PRAGMA cache_size=-8000;"
            ),
        },
    }


DATABASES = {"default": _database(_DATABASE_URL)}

# --- files -------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATICFILES_DIRS = [("plotly", Path(plotly.__file__).parent / "package_data")]
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STORAGE_URL = env.str("MODELWRIGHT_STORAGE_URL", default="")
if STORAGE_URL:
    STORAGES["artifacts"] = store_options(STORAGE_URL)
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600

# --- sign-in and safety ------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "runs"
LOGOUT_REDIRECT_URL = "login"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        # Plotly and Swagger UI set styles from script; there is no inline script anywhere.
        "style-src": [SELF, "'unsafe-inline'"],
        "img-src": [SELF, "data:"],
        "font-src": [SELF, "data:"],
        "object-src": ["'none'"],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": ["'none'"],
    }
}
AXES_FAILURE_LIMIT = env.int("MODELWRIGHT_LOGIN_FAILURES", default=10)
AXES_COOLOFF_TIME = dt.timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_HTTP_RESPONSE_CODE = 429
AXES_VERBOSE = False

# --- REST --------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "modelwright.api.authentication.TokenAuthentication",
        "rest_framework_simplejwt.authentication.JWTAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["modelwright.api.permissions.RolePermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["modelwright.api.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_THROTTLE_CLASSES": ["modelwright.api.throttling.WriteThrottle"],
    "EXCEPTION_HANDLER": "modelwright.api.errors.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
RATES = {  # per user, or per address where nobody is signed in; sign-ins always per address
    "write": env.str("MODELWRIGHT_WRITE_RATE", default="600/minute"),
    "readings": env.str("MODELWRIGHT_READINGS_RATE", default="6000/minute"),
    "predict": env.str("MODELWRIGHT_PREDICT_RATE", default="30000/minute"),
    "sign_in": env.str("MODELWRIGHT_SIGN_IN_RATE", default="100/minute"),
}
REST_KNOX = {
    "AUTH_HEADER_PREFIX": "Token",
    "TOKEN_TTL": None,
    "USER_SERIALIZER": None,
    "AUTO_REFRESH": False,
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": dt.timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": dt.timedelta(days=7),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "CHECK_REVOKE_TOKEN": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Modelwright",
    "DESCRIPTION": "Trains, tunes, watches, tests and replaces models, and records every step.",
    "VERSION": VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "modelwright.api.common_answers.common_answers",
    ],
    "ENUM_NAME_OVERRIDES": {
        "ABTestStatusEnum": "modelwright.api.abtest_serializers.STATUSES",
        "ChannelKindEnum": "modelwright.api.notification_serializers.KINDS",
        "HappeningKindEnum": "modelwright.automation.timeline.KINDS",
        "SeverityEnum": "modelwright.accounts.models.Severity.values",
        "RunStatusEnum": "modelwright.api.training_serializers.STATUSES",
        "JobStatusEnum": "modelwright.api.job_status.WORDS",
        "AlertStatusEnum": "modelwright.monitoring.alert_types.STATUSES",
        "JobStateEnum": "modelwright.runs.states.Status.values",
        "MachineModelTypeEnum": "modelwright.api.alert_serializers.MODEL_TYPES",
    },
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},
}

# --- jobs --------------------------------------------------------------------------------------
_CORES = os.cpu_count() or 1
JOB_SLOTS = env.count("MODELWRIGHT_SLOTS", default=_CORES)
JOB_THREADS = env.count("MODELWRIGHT_JOB_THREADS", default=max(1, _CORES // JOB_SLOTS))
# Read by the numerical libraries when they are first imported, which is after this. Limiting them
# later, in the child of each job, would cost every job some 20 ms: they start their threads anew.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, str(JOB_THREADS))
# How long a thread of OpenMP spins while it waits for the others: by default so long that a fit
# with two threads, on two cores that others use too, spends most of its time in it.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")
JOB_TIME_LIMIT_SECONDS = env.float("MODELWRIGHT_JOB_TIME_LIMIT_SECONDS", default=1800.0)
JOB_MEMORY_LIMIT_MB = env.int("MODELWRIGHT_JOB_MEMORY_LIMIT_MB", default=4096)
JOB_NICENESS = env.int("MODELWRIGHT_JOB_NICENESS", default=10)
JOB_BEAT_SECONDS = env.float("MODELWRIGHT_JOB_BEAT_SECONDS", default=3.0)
JOB_DEAD_AFTER_SECONDS = env.float("MODELWRIGHT_JOB_DEAD_AFTER_SECONDS", default=20.0)
JOB_MAX_CRASHES = env.int("MODELWRIGHT_JOB_MAX_CRASHES", default=3)
JOB_SHUTDOWN_GRACE_SECONDS = env.float("MODELWRIGHT_JOB_SHUTDOWN_GRACE_SECONDS", default=3.0)
SWEEP_SECONDS = env.float("MODELWRIGHT_SWEEP_SECONDS", default=60.0)
RING_AGAIN_AFTER_SECONDS = env.float("MODELWRIGHT_RING_AGAIN_AFTER_SECONDS", default=5.0)
# When the scheduled jobs run, until a person says otherwise: minute, hour, day, month, weekday.
SCHEDULER_ENABLED = env.bool("MODELWRIGHT_SCHEDULER_ENABLED", default=True)
SCHEDULER_TICK_SECONDS = env.float("MODELWRIGHT_SCHEDULER_TICK_SECONDS", default=5.0)
SCHEDULE_TIMEZONE = env.str("MODELWRIGHT_SCHEDULE_TIMEZONE", default="UTC")
SCHEDULES = {
    "baseline_retrain": env.str("MODELWRIGHT_SCHEDULE_BASELINE_RETRAIN", default="0 2 * * 0"),
    "anomaly_detect": env.str("MODELWRIGHT_SCHEDULE_ANOMALY_DETECT", default="5 * * * *"),
    "kpi_calculate": env.str("MODELWRIGHT_SCHEDULE_KPI_CALCULATE", default="30 0 * * *"),
    "training_cleanup": env.str("MODELWRIGHT_SCHEDULE_TRAINING_CLEANUP", default="15 * * * *"),
    "predictions_cleanup": env.str(
        "MODELWRIGHT_SCHEDULE_PREDICTIONS_CLEANUP", default="20 4 * * *"
    ),
}
SCHEDULE_TIME_LIMIT_SECONDS = env.float("MODELWRIGHT_SCHEDULE_TIME_LIMIT_SECONDS", default=3600.0)
SCHEDULE_HISTORY_DAYS = env.int("MODELWRIGHT_SCHEDULE_HISTORY_DAYS", default=90)
RETRAIN_MODEL_TYPES = env.list("MODELWRIGHT_RETRAIN_MODEL_TYPES", default=["baseline"])
TRAINING_WAIT_SECONDS = env.float("MODELWRIGHT_TRAINING_WAIT_SECONDS", default=30.0)
TABLE_MAX_BYTES = env.int("MODELWRIGHT_TABLE_MAX_BYTES", default=512 * 1024 * 1024)
TABLE_MAX_ROWS = env.int("MODELWRIGHT_TABLE_MAX_ROWS", default=5_000_000)
TABLE_MAX_COLUMNS = env.int("MODELWRIGHT_TABLE_MAX_COLUMNS", default=2_000)
READINGS_MAX_BYTES = env.int("MODELWRIGHT_READINGS_MAX_BYTES", default=256 * 1024 * 1024)
READINGS_MAX_ROWS = env.int("MODELWRIGHT_READINGS_MAX_ROWS", default=1_000_000)

IMPORT_MAX_BYTES = env.int("MODELWRIGHT_IMPORT_MAX_BYTES", default=1024 * 1024 * 1024)
TRUSTED_SIGNERS = env.list("MODELWRIGHT_TRUSTED_SIGNERS", default=[])
MODEL_CACHE_BYTES = env.int("MODELWRIGHT_MODEL_CACHE_BYTES", default=1024 * 1024 * 1024)
PREDICT_TIMEOUT_SECONDS = env.float("MODELWRIGHT_PREDICT_TIMEOUT_SECONDS", default=30.0)
PREDICTIONS_KEPT_DAYS = env.int("MODELWRIGHT_PREDICTIONS_KEPT_DAYS", default=0)
BATCH_FILES_KEPT_DAYS = env.int("MODELWRIGHT_BATCH_FILES_KEPT_DAYS", default=30)
DRIFT_ALPHA = env.float("MODELWRIGHT_DRIFT_ALPHA", default=0.01)
DRIFT_ALARM_NEEDED = env.int("MODELWRIGHT_DRIFT_ALARM_NEEDED", default=1)
DRIFT_ALARM_WINDOWS = env.int("MODELWRIGHT_DRIFT_ALARM_WINDOWS", default=1)
DRIFT_CELL_DAYS = env.int("MODELWRIGHT_DRIFT_CELL_DAYS", default=35)

BROKER_URL = broker_url(env.str("MODELWRIGHT_BROKER_URL", default="") or "filesystem://")
CELERY_BROKER_URL = BROKER_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_BROKER_HEARTBEAT = 0  # a process that runs a job does not talk to the broker meanwhile
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_TASK_DEFAULT_QUEUE = "housekeeping"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
if BROKER_URL.startswith("filesystem"):
    for _folder in ("messages", "control"):
        private_dir(BROKER_DIR / _folder)
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "data_folder_in": str(BROKER_DIR / "messages"),
        "data_folder_out": str(BROKER_DIR / "messages"),
        "control_folder": str(BROKER_DIR / "control"),
        "polling_interval": 0.05,
    }
elif BROKER_URL.startswith("redis"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "socket_connect_timeout": 1.0,
        "socket_timeout": 5.0,
        "visibility_timeout": 6 * 3600,
    }
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {"connect_timeout": 1.0}

# Nothing is cached outside of the process: Django's caches open what they hold as pickles, so who
# may write to the broker could run code in the web server.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}

# --- notifications -----------------------------------------------------------------------------
PUBLIC_URL = env.str("MODELWRIGHT_PUBLIC_URL", default="").rstrip("/")
NOTIFY_INTERVAL_MINUTES = env.float("MODELWRIGHT_NOTIFY_INTERVAL_MINUTES", default=60.0)
NOTIFY_NETWORKS = env.list("MODELWRIGHT_NOTIFY_NETWORKS", default=[])
EMAIL_URL = env.str("MODELWRIGHT_EMAIL_URL", default="")
EMAIL_IS_SET_UP = bool(EMAIL_URL)
DEFAULT_FROM_EMAIL = env.str("MODELWRIGHT_EMAIL_FROM", default="modelwright@localhost")
if EMAIL_IS_SET_UP:
    globals().update(mail_options(EMAIL_URL))

# --- logging -----------------------------------------------------------------------------------
LOG_FORMAT = env.str("MODELWRIGHT_LOG_FORMAT", default="line")
if LOG_FORMAT not in ("line", "json"):
    raise ImproperlyConfigured(f"MODELWRIGHT_LOG_FORMAT must be line or json, not {LOG_FORMAT!r}")
LOG_REQUESTS = env.bool("MODELWRIGHT_LOG_REQUESTS", default=False)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"origin": {"()": "modelwright.core.logs.OriginFilter"}},
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s%(origin)s"},
        "json": {"()": "modelwright.core.logs.JsonLines"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": LOG_FORMAT,
            "filters": ["origin"],
        }
    },
    "root": {"handlers": ["stderr"], "level": env.str("MODELWRIGHT_LOG_LEVEL", default="INFO")},
    "loggers": {
        "axes": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
        "celery": {"level": "WARNING"},
        "kombu": {"level": "WARNING"},
        "uvicorn.access": {"level": "WARNING"},
        # at DEBUG they tell the addresses of webhooks, keys and signatures
        **{name: {"level": "INFO"} for name in ("apprise", "boto3", "botocore", "urllib3")},
    },
}

# --- operating ---------------------------------------------------------------------------------
METRICS_TOKEN = env.str("MODELWRIGHT_METRICS_TOKEN", default="")
