"""Every setting, in one commented place. Environment variables override; rules of law live in packs, never here.

DATABASE_URL                  a PostgreSQL server (≥ 15); without it the embedded one under GONGXIN_VAR is used
GONGXIN_DATABASE_APP_URL      how web and worker reach the database (default: what `migrate` noted under GONGXIN_VAR)
GONGXIN_DATABASE_ROLES        what the names of the database's roles begin with (default: the name of the database)
GONGXIN_DATABASE_ROLE         owner, app or worker: set by the programs themselves
GONGXIN_VAR                   folder of everything the node writes (default: var/ of the checkout)
GONGXIN_PACK                  policy pack of this node (default: cn-shandong-jinan)
GONGXIN_POLICIES              folder that holds the packs (default: policies/ of the checkout)
GONGXIN_SECRET_KEY            secret of the sessions (default: made once, kept private under GONGXIN_VAR)
GONGXIN_KEYS                  file of the node's keys, private to its owner (default: keys/ring.json under GONGXIN_VAR)
GONGXIN_KEYRING               the text of that file instead, for platforms that hand secrets over in the environment
GONGXIN_KEY_SOURCE            module:callable that returns a gongxin.secrecy.sources.KeySource (key management service)
GONGXIN_SUITE                 algorithms of new keys: intl (AES, SHA-256, Ed25519) or gm (SM4, SM3, SM2); default: intl
GONGXIN_SM2                   module:callable that returns another SM2 (gongxin.secrecy.suites.Signing)
GONGXIN_SECRET_KEYS_BEFORE    secrets that were replaced and still open what they made, comma separated (default: none)
GONGXIN_HOSTS                 host names served, comma separated (default: 127.0.0.1,localhost)
GONGXIN_INTAKE_MAX_BYTES      largest file taken in (default: 4 GiB)
GONGXIN_INTAKE_INLINE_BYTES   larger files are processed as a job (default: 1 MiB)
GONGXIN_INTAKE_DEATHS         processes that may die over one file before it is refused with E118 (default: 5)
GONGXIN_INTAKE_KEEP_DAYS      days an original file is kept after processing, if fewer than the policy pack says
GONGXIN_SCANNER               malware scanner (clamd) that files from outside must pass: host:port, or the path of its
                              socket; empty: none, files are not scanned
GONGXIN_TLS                   1: this node is reached by HTTPS only: secure cookies, HSTS, no plain HTTP
GONGXIN_PROXIES               our own reverse proxies (addresses, networks): only they may name a client's address
GONGXIN_LIMITS                changes of request limits: class=per-minute/burst or class=none (traffic/classes.py)
GONGXIN_LOG                   json or text: the form of log lines (default: json; text in a demonstration)
GONGXIN_LOG_LEVEL             least level of log lines (default: INFO; WARNING in a demonstration)
GONGXIN_KEY_DAYS              days an API key is valid unless it is issued with an end of its own (default: 365)
GONGXIN_KEY_OVERLAP_HOURS     hours the old key stays valid when it is rotated, unless stated (default: 24)
GONGXIN_PROPOSAL_DAYS         days in which a proposed change of an account can be approved (default: 7)
GONGXIN_SECOND_FACTOR         0: no role has to use a second factor (default: 1; 0 in a demonstration)
GONGXIN_OIDC_ISSUER           address of the government identity service (OpenID Connect); empty: none
GONGXIN_OIDC_CLIENT           our client id there
GONGXIN_OIDC_SECRET_FILE      file that holds our client secret, private to its owner
GONGXIN_OIDC_NAME             what the sign-in page calls the service (default: 统一身份认证)
GONGXIN_OIDC_SCOPES           what we ask it for beside openid, separated by blanks (default: nothing)
GONGXIN_OIDC_DOCUMENT         claims with kind and number of the verified document, or with a resident ID number alone,
                              e.g. document_type,document_number; empty: no person can open the own file
GONGXIN_PROOF_DAYS            the daily proof asks for every record whose time ended in so many days (default: 3)
GONGXIN_PROOF_SAMPLE          and for so many of the older ones a night, in turn (default: 300)
GONGXIN_ORIGIN                scheme and host of this node, for links in e-mails (default: http://127.0.0.1:8000)
GONGXIN_MAIL_HOST             mail server for our e-mails, by TLS only; empty: none are sent (demonstration: printed)
GONGXIN_MAIL_PORT             its port: 587 (STARTTLS, default) or 465 (TLS from the first byte)
GONGXIN_MAIL_USER             our account there
GONGXIN_MAIL_PASSWORD_FILE    file that holds its password, private to its owner
GONGXIN_MAIL_FROM             sender of e-mails (default: the account)
GONGXIN_METRICS_TOKEN         whoever sends it may read /metrics from elsewhere (default: none; from this machine only)
GONGXIN_ALARM_LOG_SECONDS     alarm when a leaf of the log is under no checkpoint for longer (default: 300)
GONGXIN_ALARM_LOG_LEAVES      alarm when more leaves are under no checkpoint (default: 10,000)
GONGXIN_ALARM_JOB_SECONDS     alarm when a job is not finished for longer (default: 600)
GONGXIN_ALARM_DISK_BYTES      alarm when less room is left for original files (default: 1 GiB)
GONGXIN_ALARM_PROOF_SECONDS   alarm when the daily proof has not run for longer (default: 93,600, 26 hours)
GONGXIN_LEDGER_WATCH          0: the web server makes no checkpoints of the ledger (default: 1; one process is enough)
GONGXIN_REPORTS_TSA           address of a time-stamping authority (RFC 3161) for signed reports (default: none)
GONGXIN_DEMO                  1: demonstration node (made-up city, its accounts have a known password)
GONGXIN_SAMPLE_ORGANISATIONS  organisations of the made-up city (default: 6,000)
"""

from __future__ import annotations

import os
import secrets
from datetime import timedelta
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


def _private_text(path: str) -> str:
    """The text of a file that only its owner can read; empty where none is named."""
    if not path:
        return ""
    if not Path(path).is_file():
        raise SystemExit(f"{path}: there is no such file; name the one that holds the password, or unset the variable")
    if Path(path).stat().st_mode & 0o077:
        raise SystemExit(f"{path}: others than its owner can read it; run: chmod 600 {path}")
    return Path(path).read_text().strip()


SECRET_KEY = _secret_key()
SECRET_KEY_FALLBACKS = [key for key in os.environ.get("GONGXIN_SECRET_KEYS_BEFORE", "").split(",") if key]
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
    # Sign-in: accounts and login stages, second factors, whose session is whose, the identity service; lock-out.
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "axes",
    "gongxin.traffic",
    "gongxin.walls",
    "gongxin.ledger",
    "gongxin.identity",
    "gongxin.subjects",
    "gongxin.records",
    "gongxin.persons",
    "gongxin.intake",
    "gongxin.enquiries",
    "gongxin.rights",
    "gongxin.ends",
    "gongxin.supervision",
    "gongxin.correspondence",
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
    # Everything under /api ends here: nothing below it is for programs.
    "gongxin.api.gate.ApiGate",
    # Sends pages on to HTTPS; the gate refuses programs that ask in the clear, and `Headers` has the headers of both.
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "gongxin.web.preferences.LanguageByChoice",
    "gongxin.web.limits.PageLimits",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "gongxin.web.signing.limits.SessionLimits",
    "gongxin.web.walls.ActingAccount",
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

# As what this process works with the database: owner (commands), application (web) or worker (gongxin.walls).
DATABASE_ROLE = os.environ.get("GONGXIN_DATABASE_ROLE", "owner")
DATABASE_APP_URL = os.environ.get("GONGXIN_DATABASE_APP_URL", "")
DATABASES = {
    "default": embedded.django_database(
        os.environ.get("DATABASE_URL"), VAR_DIR, role=DATABASE_ROLE, app_url=DATABASE_APP_URL
    )
}
# What the names of the database's roles begin with.
DATABASE_ROLES = os.environ.get("GONGXIN_DATABASE_ROLES") or str(DATABASES["default"]["NAME"])
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "identity.User"
LOGIN_URL = "desk:sign-in"
LOGIN_REDIRECT_URL = "desk:home"
# The first refuses whoever is locked out, the second knows passwords.
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "gongxin.identity.backend.Accounts"]

# Sign-in (docs/adr/0012). All numbers here are engineering, none is of law.
# After so many failures an account waits this long, at the address the failures came from.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_USERNAME_CALLABLE = "gongxin.identity.lockout.kept_name"
AXES_CLIENT_IP_CALLABLE = "gongxin.web.signing.client.address"
# The ledger has what happened; django-axes keeps counters, no log, no form data, and says nothing.
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "password", "code", "credential", "new", "again", "next"]
# We answer lock-outs ourselves, so its middleware is not needed.
SILENCED_SYSTEM_CHECKS = ["axes.W002"]
# The database knows sessions by a digest only: a dump opens none.
SESSION_ENGINE = "gongxin.secrecy.session_store"
# A session ends when it has not been used this long, at this age, or as the oldest when the account opens one more.
SESSION_IDLE_SECONDS = 30 * 60
SESSION_LONGEST_SECONDS = 12 * 3600
SESSIONS_PER_ACCOUNT = 5
SESSION_COOKIE_AGE = SESSION_LONGEST_SECONDS
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
# How long a proof of the password stands before factors are changed; how long a second factor may take at sign-in.
CONFIRMED_SECONDS = 10 * 60
ACCOUNT_LOGIN_TIMEOUT = 10 * 60
# A code that replaces a forgotten password works this long.
PASSWORD_RESET_TIMEOUT = 24 * 3600
# A change of an account that nobody has approved for so long is void; a suspension this recent one administrator may
# take back alone (docs/adr/0030).
PROPOSAL_DAYS = int(os.environ.get("GONGXIN_PROPOSAL_DAYS", "7"))
RESTORE_ALONE = timedelta(hours=24)
# Roles that may not work without a second factor.
SECOND_FACTOR_ROLES = frozenset(
    {"credit_office", "case_officer", "auditor", "system_admin", "security_admin"}
    if os.environ.get("GONGXIN_SECOND_FACTOR", "0" if DEMO else "1") == "1"
    else ()
)
ACCOUNT_ADAPTER = "gongxin.web.signing.adapters.Accounts"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
# Lock-out (above) and the request limits count; allauth's own counters live in one process and would differ.
ACCOUNT_RATE_LIMITS = False
MFA_ADAPTER = "gongxin.identity.sealing.SealedFactors"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "公信"
SOCIALACCOUNT_ADAPTER = "gongxin.web.signing.adapters.Government"
SOCIALACCOUNT_STORE_TOKENS = False
# Seconds to wait for an answer of the identity service.
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"provider_class": "gongxin.web.signing.government.Provider"}}
OIDC_ISSUER = os.environ.get("GONGXIN_OIDC_ISSUER", "").rstrip("/")
OIDC_CLIENT = os.environ.get("GONGXIN_OIDC_CLIENT", "")
OIDC_SECRET_FILE = os.environ.get("GONGXIN_OIDC_SECRET_FILE", "")
OIDC_NAME = os.environ.get("GONGXIN_OIDC_NAME", "统一身份认证")
OIDC_SCOPES = tuple(os.environ.get("GONGXIN_OIDC_SCOPES", "").split())
OIDC_DOCUMENT_CLAIMS = tuple(filter(None, os.environ.get("GONGXIN_OIDC_DOCUMENT", "").split(",")))[:2]

# E-mails say that there is something new and where; they are sent by a worker (gongxin.correspondence).
ORIGIN = os.environ.get("GONGXIN_ORIGIN", "http://127.0.0.1:8000").rstrip("/")
EMAIL_HOST = os.environ.get("GONGXIN_MAIL_HOST", "")
EMAIL_PORT = int(os.environ.get("GONGXIN_MAIL_PORT", "587"))
EMAIL_USE_SSL = EMAIL_PORT == 465
EMAIL_USE_TLS = not EMAIL_USE_SSL
EMAIL_HOST_USER = os.environ.get("GONGXIN_MAIL_USER", "")
EMAIL_HOST_PASSWORD = _private_text(os.environ.get("GONGXIN_MAIL_PASSWORD_FILE", ""))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = os.environ.get("GONGXIN_MAIL_FROM", "") or EMAIL_HOST_USER or "gongxin@localhost"
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
# Whether there is anywhere to send e-mails to.
MAIL = bool(EMAIL_HOST) or DEMO

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
# The malware scanner that files from outside must pass; empty: none (gongxin.scanning).
SCANNER = os.environ.get("GONGXIN_SCANNER", "")
# The largest file a department may hand in at once.
INTAKE_MAX_BYTES = int(os.environ.get("GONGXIN_INTAKE_MAX_BYTES", str(4 * 1024**3)))
# Files up to this size are processed inside the request; larger ones run as a job.
INTAKE_INLINE_BYTES = int(os.environ.get("GONGXIN_INTAKE_INLINE_BYTES", str(1024**2)))
# A file over which this many processes died is refused (E118) instead of bringing down more. Processes are also killed
# for reasons that are not the file's, by an operator or for want of memory; five times over one file is no coincidence.
INTAKE_DEATHS = int(os.environ.get("GONGXIN_INTAKE_DEATHS", "5"))
# Days an original is kept after its submission is finished, where that is shorter than the term in the policy pack
# (retention-original); with personal data in it, it is not kept at all.
_KEEP_DAYS = os.environ.get("GONGXIN_INTAKE_KEEP_DAYS", "")
INTAKE_KEEP_DAYS = int(_KEEP_DAYS) if _KEEP_DAYS else None
# Checkpoints of the ledger: so long at most does a leaf wait for one, and so many leaves at most lie between two.
# Numbers of engineering, not of law: what an outsider cannot yet prove, and how much one signing reads.
LEDGER_CHECKPOINT_SECONDS = 60
LEDGER_CHECKPOINT_ENTRIES = 1_000
# Whether the web server makes checkpoints too (ledger/watching.py); `gongxin ledger watch` does in any case.
LEDGER_WATCH = os.environ.get("GONGXIN_LEDGER_WATCH", "1") == "1"
PROCRASTINATE_IMPORT_PATHS = [
    "gongxin.intake.jobs",
    "gongxin.rights.jobs",
    "gongxin.ends.jobs",
    "gongxin.correspondence.jobs",
    "gongxin.endurance.watching",
]

# Watching (docs/operations.md). Limits of alarms say when somebody should look; none is of law.
METRICS_TOKEN = os.environ.get("GONGXIN_METRICS_TOKEN", "")
ALARM_LOG_SECONDS = int(os.environ.get("GONGXIN_ALARM_LOG_SECONDS", "300"))
ALARM_LOG_LEAVES = int(os.environ.get("GONGXIN_ALARM_LOG_LEAVES", "10000"))
ALARM_JOB_SECONDS = int(os.environ.get("GONGXIN_ALARM_JOB_SECONDS", "600"))
ALARM_PROOF_SECONDS = int(os.environ.get("GONGXIN_ALARM_PROOF_SECONDS", str(26 * 3600)))
# The daily proof (docs/adr/0023): how far back it asks for everything, and how many of the older ones a night.
PROOF_DAYS = int(os.environ.get("GONGXIN_PROOF_DAYS", "3"))
PROOF_SAMPLE = int(os.environ.get("GONGXIN_PROOF_SAMPLE", "300"))
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
# Signatures of reports carry its time stamp; without one, the time of this node.
REPORTS_TSA = os.environ.get("GONGXIN_REPORTS_TSA", "")

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
