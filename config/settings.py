"""All settings, read once from the environment. Nonsense fails here, loudly, at start.

Local mode (`RELAIS_LOCAL=1`, written into `.env` by make) may use the embedded servers and the
sample company. Without it the four required variables must be set: a forgotten one must never
start an empty database in production.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config import embedded, staff

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = BASE_DIR / "var"

env = environ.Env()
if (BASE_DIR / ".env").exists():
    env.read_env(BASE_DIR / ".env")  # what is already set in the environment wins

LOCAL = env.bool("RELAIS_LOCAL", default=False)
DEBUG = env.bool("DEBUG", default=False)


def _required(name: str) -> str:
    value = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set. Production needs DATABASE_URL, REDIS_URL, SECRET_KEY and "
            "SECRETS_KEY; `make run` sets up everything for a local try."
        )
    return str(value)


SECRET_KEY = _required("SECRET_KEY")
SECRETS_KEYS = [key.strip() for key in _required("SECRETS_KEY").split(",")]
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
BASE_URL = env.str("BASE_URL", default="http://127.0.0.1:8000").rstrip("/")
# How many proxies in front are ours: their X-Forwarded-For entries are believed, no others.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)

INSTALLED_APPS = [
    "config.apps.SkinConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "pgtrigger",
    "rest_framework",
    "django_filters",
    "knox",
    "allauth",
    "allauth.account",
    "allauth.idp.oidc",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "crm",
    "conversations",
    "ambassadors",
    "maturity",
    "config.apps.ConfigConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "crm.access.middleware.rights_read_once",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "config.security.ContentPolicy",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Data: PostgreSQL and Redis, each embedded when local and its URL is not set ----------------

_addresses = embedded.addresses(BASE_DIR)
EMBEDDED_POSTGRES = LOCAL and not env.str("DATABASE_URL", default="")
EMBEDDED_REDIS = LOCAL and not env.str("REDIS_URL", default="")

DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db_url_config(
        _addresses.database_url if EMBEDDED_POSTGRES else _required("DATABASE_URL")
    )
}
DATABASES["default"] |= {
    "CONN_MAX_AGE": env.int("CONN_MAX_AGE", default=600),
    "CONN_HEALTH_CHECKS": True,
}
DATABASES["default"].setdefault("OPTIONS", {})
DATABASES["default"]["OPTIONS"] |= {
    "connect_timeout": 5,
    "options": "-c idle_in_transaction_session_timeout=60000 -c lock_timeout=5000",
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = _addresses.redis_url if EMBEDDED_REDIS else _required("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 0.5},
    }
}

CELERY_BROKER_URL = _addresses.celery_url if EMBEDDED_REDIS else REDIS_URL

STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": env.str("FILES_DIR", default=str(VAR / "files"))},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if LOCAL
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = LOCAL
STATIC_URL = "/static/"
STATIC_ROOT = None if LOCAL else BASE_DIR / "static-collected"
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# --- People --------------------------------------------------------------------------------------

AUTH_USER_MODEL = "crm.User"
LOGIN_URL = "login"
EXECUTIVE_HOME = "/maturity/"
NEXT_MODEL = env.str("NEXT_MODEL", default="")  # a file appraised beside maturity/model.toml
EMPLOYEE_HOME = "/my/"
AUTHENTICATION_BACKENDS = ["crm.access.backends.RoleBackend"]
STAFF_PERMISSIONS = staff.PERMISSIONS
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not LOCAL
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
KNOX_TOKEN_MODEL = "knox.AuthToken"  # noqa: S105 - a model's name
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
REST_KNOX = {"AUTH_HEADER_PREFIX": "Bearer", "TOKEN_TTL": None}

# --- Language and time ---------------------------------------------------------------------------

LANGUAGE_CODE = env.str("LANGUAGE_CODE", default="en")
LANGUAGES = [("en", "English"), ("fr", "Français")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_TZ = True

# A TrueType font for PDFs, its bold face beside it as NAME-Bold; unset: Western European letters.
PDF_FONT = env.str("PDF_FONT", default="")

# --- Mail and channels ---------------------------------------------------------------------------

# Where outgoing mail goes: smtp://user:pass@host:port; unset, each mail is a file in the outbox.
EMAIL_URL = env.str("EMAIL_URL", default="") or (VAR / "outbox").as_uri()
MAIL_FROM = env.str("MAIL_FROM", default="relais@localhost")
# host:port of the LMTP door; empty: closed. Local mode opens one on loopback.
LMTP_LISTEN = env.str("LMTP_LISTEN", default="127.0.0.1:0" if LOCAL else "")

# Accounts on networks that post to nobody (docs/channels.md): how many are read at once.
POLLING_AT_ONCE = env.int("POLLING_AT_ONCE", default=4)
# Lines of networks that speak only on one (Discord): how many are held at once, over all listeners.
LINES_AT_ONCE = env.int("LINES_AT_ONCE", default=32)
# Networks that tell when an account has something to read (Mastodon): how many one listener hears.
BELLS_AT_ONCE = env.int("BELLS_AT_ONCE", default=32)
# Hosts in the house's own network that may be called where staff name them as a channel's server,
# a callback or a webhook (docs/channels.md). What a stranger names never leads there.
INTERNAL_HOSTS = frozenset(host.strip().lower() for host in env.list("INTERNAL_HOSTS", default=[]))

# Reading what others publish (docs/listening.md): how many places at once, how long and how much,
# and whether this very machine may be read. The last is for tests and for nobody else.
LISTENING_AT_ONCE = env.int("LISTENING_AT_ONCE", default=1)
LISTENING_STREAMS = env.int("LISTENING_STREAMS", default=8)
LISTENING_SECONDS = env.float("LISTENING_SECONDS", default=12.0)
LISTENING_BYTES = env.int("LISTENING_BYTES", default=16_000_000)
LISTENING_LOOPBACK = env.bool("LISTENING_LOOPBACK", default=False)

# --- The ways up: who is told, asked and shown (design: three ways up, no fourth) ----------------

ENVELOPE_CONSUMERS = [
    "conversations.inbox.ingestion.consume",
    "conversations.editorial.learning.consume",
    "conversations.listening.arrivals.consume",
    "ambassadors.routing.replies.consume",
]
REPLY_GATES = [
    "ambassadors.governance.gates.ladder",
    "ambassadors.governance.gates.escalation",
]
THREAD_PANELS = [
    "ambassadors.routing.panels.panel",
    "ambassadors.communities.panels.panel",
    "ambassadors.governance.pages.panel",
    "conversations.listening.panels.panel",
    "ambassadors.governance.correcting.panel",
    "conversations.knowledge.panels.panel",
]
# Each room's declaration of where it keeps what is somebody's own, from the highest room down:
# who the person is goes last, since all the others are searched by it.
PERSONAL_DATA = [
    "config.personal.HOLDINGS",
    "maturity.executive.personal.HOLDINGS",
    "maturity.appraisals.personal.HOLDINGS",
    "maturity.facts.personal.HOLDINGS",
    "ambassadors.communities.personal.HOLDINGS",
    "ambassadors.routing.personal.HOLDINGS",
    "ambassadors.governance.personal.HOLDINGS",
    "ambassadors.live.personal.HOLDINGS",
    "conversations.editorial.personal.HOLDINGS",
    "conversations.listening.personal.HOLDINGS",
    "conversations.knowledge.personal.HOLDINGS",
    "conversations.inbox.personal.HOLDINGS",
    "conversations.service_levels.personal.HOLDINGS",
    "conversations.channels.personal.HOLDINGS",
    "crm.privacy.personal.HOLDINGS",
    "crm.access.personal.HOLDINGS",
    "crm.organisation.personal.HOLDINGS",
    "crm.journal.holdings.HOLDINGS",
    "crm.contacts.personal.HOLDINGS",
]
# Erasing a person can't be undone: somebody else than who asked must agree.
ERASURE_NEEDS_TWO = env.bool("ERASURE_NEEDS_TWO", default=True)
WAKE = env.bool("WAKE", default=True)

# --- API -----------------------------------------------------------------------------------------

# Streams hold a thread each (docs/adr/0041): how many in one process, and for how long.
STREAMS_MOST = env.int("STREAMS_MOST", default=4)
STREAMS_PER_PERSON = env.int("STREAMS_PER_PERSON", default=2)
STREAM_SECONDS = env.float("STREAM_SECONDS", default=55.0)

# Requests a minute of one person and of one of their tokens, and tokens that are none from one
# address in a quarter of an hour; 0: without limit.
API_PER_MINUTE = env.int("API_PER_MINUTE", default=1_200)
API_PER_MINUTE_A_TOKEN = env.int("API_PER_MINUTE_A_TOKEN", default=600)
API_WRONG_TOKENS = env.int("API_WRONG_TOKENS", default=300)

REST_FRAMEWORK = {
    "DEFAULT_THROTTLE_CLASSES": ["crm.access.throttling.PerPersonAndToken"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["crm.access.tokens.BearerToken"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["config.api.StrictJSON"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "config.lists.Pages",
    "DEFAULT_FILTER_BACKENDS": ["config.lists.NamedFilters"],
    "EXCEPTION_HANDLER": "config.api.refuse",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Relais",
    "DESCRIPTION": "Conversations, offers and knowledge, for the apps of those who answer.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.schema.complete",
    ],
    "ENUM_NAME_OVERRIDES": {
        "ConversationStatus": "conversations.inbox.models.Status",
        "InvitationRole": "conversations.inbox.invitations.CHOICES",
        "Priority": "conversations.service_levels.models.Priority",
        "MessageKind": "conversations.inbox.models.MessageKind",
        "DeliveryState": "conversations.inbox.models.DeliveryState",
        "Trouble": "conversations.inbox.models.Trouble",
        "FileState": "conversations.inbox.models.FileState",
        "EnvelopeState": "conversations.channels.models.EnvelopeState",
        "OfferState": "ambassadors.routing.models.OfferState",
        "PublicationState": "conversations.editorial.models.PublicationState",
        "TriageOutcome": "conversations.listening.models.TriageOutcome",
        "PlaceKind": "conversations.listening.models.PlaceKind",
        "PlaceHealth": "conversations.listening.models.Health",
        "ArticleState": "conversations.knowledge.models.ArticleState",
        "ArticleVisibility": "conversations.knowledge.models.Visibility",
        "ArticleVersionOutcome": "conversations.knowledge.models.VersionOutcome",
        "InsightOutcome": "ambassadors.communities.models.InsightOutcome",
        "ApprovalStep": "ambassadors.governance.ladder.StepKind",
        "CorrectionKind": "ambassadors.governance.models.CorrectionKind",
        "Role": "crm.access.models.Role",
        "Relationship": "crm.contacts.models.Relationship",
        "Whose": "crm.contacts.merging.WHOSE",
        "ErasureState": "crm.privacy.models.ErasureState",
        "ExportState": "crm.privacy.models.ExportState",
    },
}

# --- Admin ---------------------------------------------------------------------------------------

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Relais",
    "SITE_HEADER": "Relais",
    "SITE_SUBHEADER": _("conversations, shared"),
    "SITE_SYMBOL": "forum",
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": f"/{STATIC_URL.strip('/')}/config/icon.svg",
        }
    ],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "8px",
    "STYLES": ["config.navigation.style"],
    "SCRIPTS": ["config.navigation.script"],
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": "config.navigation.sidebar",
    },
    "COLORS": {
        "primary": {
            "50": "oklch(98.4% .014 180.7)",
            "100": "oklch(95.3% .04 180.8)",
            "200": "oklch(91% .08 180.4)",
            "300": "oklch(85.5% .11 181)",
            "400": "oklch(77.7% .13 181.9)",
            "500": "oklch(66% .12 183.5)",
            "600": "oklch(50% .094 186.4)",
            "700": "oklch(43.7% .078 188.2)",
            "800": "oklch(38.6% .063 188.4)",
            "900": "oklch(33% .053 190)",
            "950": "oklch(26% .043 192.5)",
        },
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname:<7} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        name: {"level": "WARNING"}  # one line a task or request: the sweeps alone are 40 a minute
        for name in ("httpx", "celery.beat", "celery.app.trace", "celery.worker.strategy")
    }
    | {
        "mail.log": {"level": "WARNING"},  # of aiosmtpd: each command
        "flufl.bounce": {"level": "CRITICAL"},  # each detector, and what it stumbles over
    },
}
