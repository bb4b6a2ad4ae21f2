"""All settings, top to bottom. Every name that is read from the environment stands in the table at the end of this text.

Two set-ups run the same code. *Embedded* (the default): one process, SQLite, everything in memory beside it, loopback only,
no login. *For a team* (as soon as REDIS_URL is set): PostgreSQL, Redis, several processes, login.

| name | default | what it does |
|---|---|---|
| PODHUB_DATA | `data` beside this package | where the database and the secret key are kept |
| DATABASE_URL | `sqlite:///$PODHUB_DATA/podhub.sqlite3` | the database; `postgres://user:password@host:port/name` |
| DATABASE_POOL | 8 | connections that one process keeps to PostgreSQL at most |
| REDIS_URL | none | the channel layer and the Celery broker; with it PodHub is set up for a team |
| SECRET_KEY | embedded: made once and kept in `$PODHUB_DATA/secret-key` | signs sessions; a team has to set it |
| ALLOWED_HOSTS | embedded: loopback names | names under which PodHub is reached, with commas; a team has to set it |
| CSRF_TRUSTED_ORIGINS | none | origins (`https://podhub.example`) that may post forms, where a proxy changes the host |
| HTTPS | off | people come over HTTPS through a proxy that sets X-Forwarded-Proto: secure cookies, HSTS |
| DEBUG | off | Django's debug pages; never where others can reach them |
| LOG_LEVEL | INFO | what is written to stderr: DEBUG, INFO, WARNING, ERROR |

SECRET_KEY and DATABASE_URL may come from files: SECRET_KEY_FILE and DATABASE_URL_FILE name them.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _


class Environment(environ.FileAwareEnv):  # type: ignore[misc]
    """What the environment says; what cannot be read is refused by its name."""

    def get_value(self, var: str, *args: Any, **options: Any) -> Any:
        try:
            return super().get_value(var, *args, **options)
        except OSError as wrong:
            raise ImproperlyConfigured(f"{var}_FILE: {wrong.filename} cannot be read: {wrong.strerror}") from None
        except ValueError as wrong:
            raise ImproperlyConfigured(f"{var}: {wrong}") from None

    def bool(self, var: str, default: bool = False) -> bool:
        text = self.str(var, default="").strip().lower()
        if text not in ON + OFF:
            raise ImproperlyConfigured(f"{var}: {text!r} is neither on nor off")
        return text in ON if text else default


ON, OFF = ("on", "true", "yes", "y", "ok", "1"), ("", "off", "false", "no", "n", "0")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")

env = Environment()

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.str("PODHUB_DATA", default=str(BASE_DIR / "data")))
REDIS_URL: str = env.str("REDIS_URL", default="")
if REDIS_URL and not REDIS_URL.startswith(("redis://", "rediss://", "unix://")):
    raise ImproperlyConfigured("REDIS_URL: expected redis://HOST:PORT/NUMBER, rediss://... or unix://PATH")
TEAM = bool(REDIS_URL)
"""Several processes and people, as opposed to one process on one's own machine."""

DEBUG: bool = env.bool("DEBUG", default=False)
HTTPS: bool = env.bool("HTTPS", default=False)


def _data_dir() -> Path:
    try:
        DATA_DIR.mkdir(parents=True, exist_ok=True)
    except OSError as wrong:
        raise ImproperlyConfigured(f"PODHUB_DATA: {DATA_DIR} cannot be made: {wrong.strerror}") from None
    return DATA_DIR


def _kept_secret(path: Path) -> str:
    """Return the secret that a file holds; make the file, for its owner alone, where there is none."""
    try:
        if not path.exists():
            # Written aside and linked, so that two processes that start together agree on one key.
            own = path.with_name(f"{path.name}.{os.getpid()}")
            with os.fdopen(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(50))
            try:
                os.link(own, path)
            except FileExistsError:
                pass
            finally:
                own.unlink()
        return path.read_text().strip()
    except OSError as wrong:
        raise ImproperlyConfigured(f"PODHUB_DATA: {path} cannot be read or made: {wrong.strerror}") from None


def _required(name: str, example: str) -> str:
    value: str = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(f"{name} must be set where REDIS_URL is set (for a team), for example {name}={example}")
    return value


def _log_level() -> str:
    level: str = (env.str("LOG_LEVEL", default="") or "INFO").upper()
    if level not in LOG_LEVELS:
        raise ImproperlyConfigured(f"LOG_LEVEL: {level!r} is none of {', '.join(LOG_LEVELS)}")
    return level


# Who may

_LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]

SECRET_KEY = (
    _required("SECRET_KEY", "$(openssl rand -hex 32)")
    if TEAM
    else env.str("SECRET_KEY", default="") or _kept_secret(_data_dir() / "secret-key")
)
if TEAM:
    _required("ALLOWED_HOSTS", "podhub.example")
# Loopback names stay allowed for a team: health checks ask from inside.
ALLOWED_HOSTS: list[str] = [*_LOOPBACK, *(host for host in env.list("ALLOWED_HOSTS", default=[]) if host not in _LOOPBACK)]
CSRF_TRUSTED_ORIGINS: list[str] = [origin for origin in env.list("CSRF_TRUSTED_ORIGINS", default=[]) if origin]

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

# What is installed

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "servestatic.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "django_htmx",
    "podhub.log",
    "podhub.access",
    "podhub.runs",
    "podhub.api",
    "podhub.web",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "podhub.headers.content_security_policy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "podhub.web.errors.BusyDatabase",
    "podhub.one_thread.one_thread",
]

ROOT_URLCONF = "podhub.urls"
ASGI_APPLICATION = "podhub.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# Where the log is kept


def _sqlite(database: dict[str, Any]) -> dict[str, Any]:
    """One writer at a time, who takes the lock at BEGIN and waits for it; what was committed outlives a power loss."""
    options = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
    }
    return {**database, "OPTIONS": options}


def _postgresql(database: dict[str, Any]) -> dict[str, Any]:
    most = env.int("DATABASE_POOL", default=8)
    if most < 1:
        raise ImproperlyConfigured(f"DATABASE_POOL: {most} connections are too few: give 1 or more")
    pool = {"min_size": 1, "max_size": most, "timeout": 10}
    return {**database, "CONN_MAX_AGE": 0, "OPTIONS": {"pool": pool}}


def _database() -> dict[str, Any]:
    if not env.str("DATABASE_URL", default=""):
        return _sqlite({"ENGINE": "django.db.backends.sqlite3", "NAME": str(_data_dir() / "podhub.sqlite3")})
    if "://" in env.str("DATABASE_URL"):
        database: dict[str, Any] = env.db_url("DATABASE_URL")
        if database["ENGINE"].endswith("sqlite3"):
            return _sqlite(database)
        if database["ENGINE"].endswith("postgresql"):
            return _postgresql(database)
    raise ImproperlyConfigured("DATABASE_URL: PodHub keeps its log in SQLite or PostgreSQL: sqlite:///PATH or postgres://...")


DATABASES = {"default": _database()}

# Wake-ups: they say that the log has grown, and carry nothing that it does not hold

CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
    "default": (
        {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [REDIS_URL]}}
        if TEAM
        else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    )
}

# ---- Celery and the driver -----------------------------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL or "memory://localhost/"
CELERY_BROKER_TRANSPORT = "redis" if TEAM else "podhub.runs.broker.Transport"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {"socket_connect_timeout": 2, "socket_keepalive": True} if TEAM else {}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_DEFAULT_QUEUE = "podhub"
CELERY_TASK_IGNORE_RESULT = True
# A message that cannot be sent is not mourned long: the request is in the queue, and the sweep finds it.
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {"sweep": {"task": "podhub.runs.tasks.sweep", "schedule": 1.0, "options": {"expires": 5}}}

# ---- end of Celery and the driver ----------------------------------------------------------------------------------------

# Static files: hashed names where collectstatic has run (a team's image), straight from the finders otherwise

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [path for path in [BASE_DIR / "static"] if path.is_dir()]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "servestatic.storage.CompressedManifestStaticFilesStorage"
        if TEAM
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
SERVESTATIC_USE_FINDERS = not TEAM
SERVESTATIC_AUTOREFRESH = DEBUG

# Languages and times: times are the clusters' own and are formatted by PodHub; Django's are in UTC

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

# What browsers are told

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "podhub.web.errors.csrf_failure"
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 365 * 24 * 3600

DATA_UPLOAD_MAX_MEMORY_SIZE = 3 * 1024 * 1024 + 64 * 1024
"""Bytes of a request's body: 3 MiB of manifests and what a form adds to them."""
FILE_UPLOAD_MAX_MEMORY_SIZE = DATA_UPLOAD_MAX_MEMORY_SIZE

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": _log_level()},
    # A line for every task, and a traceback for every strange Host, are for whoever looks for a defect.
    "loggers": {}
    if DEBUG
    else {
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    },
}
