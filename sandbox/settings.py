"""The sandbox's own settings. The only module of the sandbox that reads the environment.

SANDBOX_PORT              port on 127.0.0.1, default 8420
SANDBOX_DATABASE          its SQLite file, default .local/sandbox.sqlite3
SANDBOX_MAIL_DIR          where the shop's file-based e-mail backend writes, default .local/mail
SANDBOX_SECRET_KEY        the only API key accepted, default sk_test_sandbox
SANDBOX_PUBLISHABLE_KEY   what Stripe.js must be given, default pk_test_sandbox
SANDBOX_WEBHOOK_URL       where events are delivered, default http://127.0.0.1:8000/webhooks/stripe/
SANDBOX_WEBHOOK_SECRET    what deliveries are signed with, default whsec_sandbox
SANDBOX_WEBHOOK_DELIVERY  the mode a new file starts in, default auto (see sandbox/README.md)
SANDBOX_RETRY_SECONDS     pauses between delivery attempts in seconds; the last repeats; default 1,3,10,30,60
SANDBOX_MERCHANT          the seller's name on the payment page, default Test shop
"""

import os
import secrets
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

PORT = int(os.environ.get("SANDBOX_PORT", "8420"))
SITE = f"http://127.0.0.1:{PORT}"
DATABASE = Path(os.environ.get("SANDBOX_DATABASE") or BASE_DIR / ".local" / "sandbox.sqlite3")
MAIL_DIR = Path(os.environ.get("SANDBOX_MAIL_DIR") or BASE_DIR / ".local" / "mail")
API_KEY = os.environ.get("SANDBOX_SECRET_KEY", "sk_test_sandbox")
PUBLISHABLE_KEY = os.environ.get("SANDBOX_PUBLISHABLE_KEY", "pk_test_sandbox")
WEBHOOK_URL = os.environ.get("SANDBOX_WEBHOOK_URL", "http://127.0.0.1:8000/webhooks/stripe/")
WEBHOOK_SECRET = os.environ.get("SANDBOX_WEBHOOK_SECRET", "whsec_sandbox")
WEBHOOK_DELIVERY = os.environ.get("SANDBOX_WEBHOOK_DELIVERY", "auto")
RETRY_SECONDS = [float(pause) for pause in os.environ.get("SANDBOX_RETRY_SECONDS", "1,3,10,30,60").split(",")]
MERCHANT = os.environ.get("SANDBOX_MERCHANT", "Test shop")

# Signs nothing that has to outlive the process: there are no accounts, sessions or reset links here.
SECRET_KEY = secrets.token_urlsafe(40)
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]  # refuses names rebound to this machine
ROOT_URLCONF = "sandbox.urls"
INSTALLED_APPS = ["django.contrib.messages", "sandbox"]
MIDDLEWARE = [
    "sandbox.page_guard.PageGuard",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"

# A cookie belongs to a host, not to a port: these must not be the shop's.
CSRF_COOKIE_NAME = "sandbox_csrf"
SESSION_COOKIE_NAME = "sandbox_session"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "sandbox.page_guard.form_refused"

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATABASE,
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }
}

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = False
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "sandbox %(levelname)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"django.request": {"level": "ERROR"}},  # refused forms and unknown pages are no news
}
