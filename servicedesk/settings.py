"""Settings of Manajemen Layanan SPBE: one module, every value from the environment has a typed reader.

The embedded default needs no environment at all. The table of variables is in docs/operasi.md.
"""

from pathlib import Path

from csp.constants import NONE, SELF

from servicedesk import env

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.text("VAR_DIR", str(BASE_DIR / "var")))
VAR_DIR.mkdir(parents=True, exist_ok=True)

DATABASES = {"default": env.database(VAR_DIR / "db.sqlite3")}
EMBEDDED = not env.text("DATABASE_URL")
SECRET_KEY = env.secret_key(VAR_DIR / "secret_key", embedded=EMBEDDED)
DEBUG = env.boolean("DEBUG", False)
# Where `manage.py serve` listens, and the address people reach it by.
HOST = env.text("HOST", "127.0.0.1")
PORT = env.integer("PORT", 8000, 1, 65535)
BASE_URL = env.url("BASE_URL", f"http://{HOST}:{PORT}", ["https", "http"]).rstrip("/")
HTTPS = BASE_URL.startswith("https://")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = [BASE_URL]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SITE_ORG = env.text("ORG_NAME", "Kabupaten Pesawaran")
SITE_NAME = "Pusat Layanan SPBE"

INSTALLED_APPS = [
    "daphne",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "channels",
    "csp",
    "django_fsm",
    "django_htmx",
    "drf_spectacular",
    "import_export",
    "rest_framework",
    "core",
    "accounts",
    "notify",
    "catalog",
    "assets",
    "sla",
    "tickets",
    "feedback",
    "reports",
    "channels_bot",
    "servicedesk",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "core.middleware.OutOfRange",
]

ROOT_URLCONF = "servicedesk.urls"
ASGI_APPLICATION = "servicedesk.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["core.templatetags.ui", "django.templatetags.i18n", "django.templatetags.static"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "servicedesk.context.site",
            ],
        },
    }
]

# People
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.LoginBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
ACCOUNT_ADAPTER = "notify.accounts.AccountAdapter"
ACCOUNT_FORMS = {"login": "accounts.forms.LoginForm", "add_email": "accounts.forms.AddEmailForm"}
ACCOUNT_LOGIN_METHODS = {"email", "username"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
# One address an account, replaced only by one whose link was followed.
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = f"[{SITE_NAME}] "
ACCOUNT_SESSION_REMEMBER = None
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/setelah-masuk/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"

# Language and time
LANGUAGE_CODE = "id"
LANGUAGES = [("id", "Bahasa Indonesia"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.text("TIME_ZONE", "Asia/Jakarta")
USE_TZ = True
USE_I18N = True

# Files
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = Path(env.text("MEDIA_ROOT", str(VAR_DIR / "media")))
STORAGES = {
    # Attachments are private: they have no URL, only a view that asks tickets.access.
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": MEDIA_ROOT},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o640
ATTACHMENT_MAX_BYTES = env.integer("ATTACHMENT_MAX_MB", 20, 1, 200) * 1024 * 1024
ATTACHMENT_MAX_COUNT = 10

# Real time and cache
REDIS_URL = env.url("REDIS_URL", "", ["redis", "rediss"])
if REDIS_URL:
    # The layer waits for messages in blocking reads of 5 s, as long as the client's own limit: without a longer one
    # a quiet websocket would be cut again and again.
    _layer = {"hosts": [{"address": REDIS_URL, "socket_timeout": 30}]}
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": _layer}}
    CACHES = {"default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": REDIS_URL}}
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# Channels
EMAIL_URL = env.url("EMAIL_URL", "", ["smtp", "smtps", "smtp+tls"])
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", "layanan@pesawarankab.go.id")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_OUTBOX_DIR = VAR_DIR / "outbox"
if EMAIL_URL:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    _smtp = env.email(EMAIL_URL)
    EMAIL_HOST, EMAIL_PORT = _smtp["host"], _smtp["port"]
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _smtp["username"], _smtp["password"]
    EMAIL_USE_TLS, EMAIL_USE_SSL = _smtp["use_tls"], _smtp["use_ssl"]
    EMAIL_TIMEOUT = 20
else:
    EMAIL_BACKEND = "channels_bot.email.filebackend.EmailBackend"
# After so many days the raw form of a mail goes; its words and files stay on the ticket.
MAIL_RETENTION_DAYS = env.integer("MAIL_RETENTION_DAYS", 730, 1, 36500)
IMAP_URL = env.url("IMAP_URL", "", ["imaps", "imap", "imap+tls"])
# What one server of recipients takes from us: messages at once, and in a minute after a first burst.
EMAIL_PER_DOMAIN = env.integer("EMAIL_PER_DOMAIN", 2, 1, 50)
EMAIL_PER_MINUTE = env.integer("EMAIL_PER_MINUTE", 600, 1, 60000)
EMAIL_ATTACH_MAX_BYTES = env.integer("EMAIL_ATTACH_MAX_MB", 5, 0, 25) * 1024 * 1024
TELEGRAM_BOT_TOKEN = env.text("TELEGRAM_BOT_TOKEN")
TELEGRAM_API_BASE_URL = env.url("TELEGRAM_API_BASE_URL", "https://api.telegram.org", ["https", "http"]).rstrip("/")
# Only shown to people who look for the bot.
TELEGRAM_BOT_USERNAME = env.text("TELEGRAM_BOT_USERNAME").lstrip("@")
TELEGRAM_WEBHOOK_SECRET = env.text("TELEGRAM_WEBHOOK_SECRET")
# The outbox names its transports by channel; a new channel is one folder and one line here.
NOTIFY_TRANSPORTS = {
    "email": "channels_bot.email.transport.EmailTransport",
    "telegram": "channels_bot.telegram.transport.TelegramTransport",
}
# Channels whose raw messages are kept name what reads the files in one again: bytes → tickets.attachments.Upload tuple.
INTAKE_READERS = {"email": "channels_bot.email.inbound.uploads_in"}
# The outbox knows no tickets: what people are told of, and whom to tell that a message did not arrive.
NOTIFY_EVENTS = ["tickets.notice_events.EVENTS"]
NOTIFY_UNDELIVERED = "tickets.undelivered.note"

# Security
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_FAILURE_VIEW = "servicedesk.views.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.boolean("BEHIND_PROXY", False) else None
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# REST
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["servicedesk.api.auth.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "rest_framework.parsers.JSONParser",
        "rest_framework.parsers.MultiPartParser",
        "rest_framework.parsers.FormParser",
    ],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "servicedesk.api.problems.handler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Manajemen Layanan SPBE",
    "DESCRIPTION": "Pusat layanan TIK pemerintah daerah.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "COMPONENT_SPLIT_REQUEST": True,
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "ChannelEnum": "tickets.choices.Channel",
        "DeliveryChannelEnum": "notify.models.Delivery.Channel",
        "LevelEnum": "servicedesk.api.serializers.LEVELS",
    },
}

LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ["DEBUG", "INFO", "WARNING", "ERROR"])
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    # httpx logs whole URLs, and a Bot API URL holds the token.
    "loggers": {"httpx": {"level": "WARNING"}, "httpcore": {"level": "WARNING"}},
}
