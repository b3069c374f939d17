"""Every setting, in one commented place. Environment variables override; rules of law live in packs, never here.

DATABASE_URL                  a PostgreSQL server (≥ 15); without it the embedded one under GONGXIN_VAR is used
GONGXIN_VAR                   folder of everything the node writes (default: var/ of the checkout)
GONGXIN_PACK                  policy pack of this node (default: cn-shandong-jinan)
GONGXIN_POLICIES              folder that holds the packs (default: policies/ of the checkout)
GONGXIN_SECRET_KEY            secret of the sessions (default: made once, kept private under GONGXIN_VAR)
GONGXIN_KEYS                  file of the node's keys, private to its owner (default: keys/ring.json under GONGXIN_VAR)
GONGXIN_KEYRING               the text of that file instead, for platforms that hand secrets over in the environment
GONGXIN_KEY_SOURCE            module:callable that returns a gongxin.secrecy.sources.KeySource (a key management service)
GONGXIN_SUITE                 algorithms of new keys: intl (AES, SHA-256, Ed25519) or gm (SM4, SM3, SM2); default: intl
GONGXIN_SM2                   module:callable that returns another implementation of SM2 (gongxin.secrecy.suites.Signing)
GONGXIN_HOSTS                 host names served, comma separated (default: 127.0.0.1,localhost)
GONGXIN_INTAKE_MAX_BYTES      largest file taken in (default: 4 GiB)
GONGXIN_INTAKE_INLINE_BYTES   larger files are processed as a job (default: 1 MiB)
GONGXIN_INTAKE_KEEP_DAYS      days an original file is kept after processing (default: 30; with personal data: none)
GONGXIN_METRICS_TOKEN         whoever sends it may read /metrics from elsewhere (default: none; from this machine only)
GONGXIN_ALARM_LOG_SECONDS     alarm when a leaf of the log is under no checkpoint for longer (default: 300)
GONGXIN_ALARM_LOG_LEAVES      alarm when more leaves are under no checkpoint (default: 10,000)
GONGXIN_ALARM_JOB_SECONDS     alarm when a job is not finished for longer (default: 600)
GONGXIN_ALARM_DISK_BYTES      alarm when less room is left for original files (default: 1 GiB)
GONGXIN_TLS                   1: this node is reached by HTTPS only: secure cookies, HSTS, no plain HTTP
GONGXIN_PROXIES               our own reverse proxies (addresses, networks): only they may name a client's address
GONGXIN_LIMITS                changes of request limits: class=per-minute/burst or class=none (traffic/classes.py)
GONGXIN_LOG                   json or text: the form of log lines (default: json; text in a demonstration)
GONGXIN_LOG_LEVEL             least level of log lines (default: INFO; WARNING in a demonstration)
GONGXIN_KEY_DAYS              days an API key is valid unless it is issued with an end of its own (default: 365)
GONGXIN_KEY_OVERLAP_HOURS     hours the old key stays valid when it is rotated, unless stated (default: 24)
GONGXIN_DEMO                  1: demonstration node (made-up city, its accounts have a known password)
GONGXIN_SAMPLE_ORGANISATIONS  organisations of the made-up city (default: 6,000)
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from csp.constants import NONCE, NONE, SELF

from gongxin import embedded
from gongxin.traffic import classes, logs
from gongxin.traffic.addresses import networks

PROJECT_DIR = Path(__file__).resolve().parents[2]
VAR_DIR = Path(os.environ.get("GONGXIN_VAR", PROJECT_DIR / "var")).resolve()
FILES_DIR = VAR_DIR / "files"
POLICIES_DIR = Path(os.environ.get("GONGXIN_POLICIES", PROJECT_DIR / "policies")).resolve()
GONGXIN_PACK = os.environ.get("GONGXIN_PACK", "cn-shandong-jinan")
DEMO = os.environ.get("GONGXIN_DEMO") == "1"
# The node's keys: apart from the database, so that a copy of one is not a copy of both.
KEYS_FILE = Path(os.environ.get("GONGXIN_KEYS", VAR_DIR / "keys" / "ring.json")).resolve()


def _secret_key() -> str:
    """The key from the environment, or one made once and kept private under VAR_DIR."""
    given = os.environ.get("GONGXIN_SECRET_KEY")
    if given:
        return given
    kept = VAR_DIR / "secret-key"
    if not kept.exists():
        VAR_DIR.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            # A folder that began as a demonstration is told by this (secrecy.starting).
            file.write(("demo-" if DEMO else "") + secrets.token_urlsafe(48))
    return kept.read_text()


SECRET_KEY = _secret_key()
DEBUG = False
ALLOWED_HOSTS = os.environ.get("GONGXIN_HOSTS", "127.0.0.1,localhost,testserver").split(",")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "procrastinate.contrib.django",
    "gongxin.traffic",
    "gongxin.ledger",
    "gongxin.identity",
    "gongxin.subjects",
    "gongxin.records",
    "gongxin.intake",
    "gongxin.enquiries",
    "gongxin.rights",
    "gongxin.endurance",
    "gongxin.web",
    "gongxin.api",
]

MIDDLEWARE = [
    # Counts every request, whatever answers it.
    "gongxin.endurance.counting.CountRequests",
    # The id and the log line of a request, then the headers of every answer: around all others.
    "gongxin.traffic.tracing.Tracing",
    "gongxin.traffic.headers.Headers",
    "django.middleware.security.SecurityMiddleware",
    # Everything under /api ends here: nothing below it is for programs.
    "gongxin.api.gate.ApiGate",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "gongxin.web.preferences.LanguageByChoice",
    "gongxin.web.limits.PageLimits",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "gongxin.web.errors.ErrorPages",
]

ROOT_URLCONF = "gongxin.urls"
WSGI_APPLICATION = "gongxin.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "gongxin.web.context.site",
            ],
        },
    },
]

DATABASES = {"default": embedded.django_database(os.environ.get("DATABASE_URL"), VAR_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "identity.User"
LOGIN_URL = "desk:sign-in"
LOGIN_REDIRECT_URL = "desk:home"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [PROJECT_DIR / "src" / "gongxin" / "web" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
WHITENOISE_USE_FINDERS = True

DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
# Uploads stream to the disk, beside the files they become (FILES_DIR), and vanish with their request.
FILE_UPLOAD_HANDLERS = ["gongxin.web.uploads.BoundedUpload"]
# The largest file a department may hand in at once.
INTAKE_MAX_BYTES = int(os.environ.get("GONGXIN_INTAKE_MAX_BYTES", str(4 * 1024**3)))
# Files up to this size are processed inside the request; larger ones run as a job.
INTAKE_INLINE_BYTES = int(os.environ.get("GONGXIN_INTAKE_INLINE_BYTES", str(1024**2)))
# Days an original is kept after its submission is finished. No term of law: as short as checking a hand-in needs.
INTAKE_KEEP_DAYS = int(os.environ.get("GONGXIN_INTAKE_KEEP_DAYS", "30"))
PROCRASTINATE_IMPORT_PATHS = ["gongxin.intake.jobs", "gongxin.endurance.watching"]

# Watching (docs/operations.md). Limits of alarms say when somebody should look; none is of law.
METRICS_TOKEN = os.environ.get("GONGXIN_METRICS_TOKEN", "")
ALARM_LOG_SECONDS = int(os.environ.get("GONGXIN_ALARM_LOG_SECONDS", "300"))
ALARM_LOG_LEAVES = int(os.environ.get("GONGXIN_ALARM_LOG_LEAVES", "10000"))
ALARM_JOB_SECONDS = int(os.environ.get("GONGXIN_ALARM_JOB_SECONDS", "600"))
ALARM_DISK_BYTES = int(os.environ.get("GONGXIN_ALARM_DISK_BYTES", str(1024**3)))
# Read by prometheus_client when it is first imported: each process counts in files of its own there.
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(VAR_DIR / "metrics"))

# Whether this node is reached by HTTPS, directly or through a proxy of ours (which then says so).
TLS = os.environ.get("GONGXIN_TLS") == "1"
TRUSTED_PROXIES = networks(os.environ.get("GONGXIN_PROXIES", ""))
if TRUSTED_PROXIES:
    # `traffic.tracing` takes this header off every request that comes from anybody else.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Pages go on to HTTPS; a program that asks in the clear is refused (api.gate), so that the mistake is found.
SECURE_SSL_REDIRECT = TLS
SECURE_REDIRECT_EXEMPT = [r"^api/", r"^healthz$"]
RATE_LIMITS: classes.Limits = classes.limits(os.environ.get("GONGXIN_LIMITS", ""))
LOG_FORM = os.environ.get("GONGXIN_LOG") or ("text" if DEMO else "json")
KEY_DAYS = int(os.environ.get("GONGXIN_KEY_DAYS", "365"))
KEY_OVERLAP_HOURS = int(os.environ.get("GONGXIN_KEY_OVERLAP_HOURS", "24"))

SESSION_COOKIE_SECURE = TLS
CSRF_COOKIE_SECURE = TLS
LANGUAGE_COOKIE_SECURE = TLS
CSRF_COOKIE_HTTPONLY = True
if TLS:
    # Browsers take cookies of this name only over HTTPS, for this host alone, for all paths.
    SESSION_COOKIE_NAME = "__Host-gongxin-session"
    CSRF_COOKIE_NAME = "__Host-gongxin-csrf"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "gongxin.web.errors.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}

LOGGING = logs.configuration(LOG_FORM, os.environ.get("GONGXIN_LOG_LEVEL") or ("WARNING" if DEMO else "INFO"))
