"""
A site with django-oauth-toolkit, and the application that it guards: python toolkit_site.py FOLDER [careful] [SECONDS].

Prints {"url"} once it listens. ``careful``: with every advice of RFC 9700 that it has a setting for; SECONDS: how long
an access token lives. Its administrator and its user have their names as their passwords.
"""

import json
import secrets
import sys
from pathlib import Path

import django
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from werkzeug.serving import make_server

NAME = "toolkit_site"
ADMINISTRATOR, USER = "root", "alice"
_ADVICE = ("ACCESS_TOKEN_TRANSPORT", "AUTHZ_RESPONSE_ISS", "IMPLICIT_GRANT", "PASSWORD_GRANT", "PKCE_METHOD")
_LOGIN = '<form method="post">{% csrf_token %}{{ form.as_p }}<button name="login" value="1">Log in</button></form>'
_APPS = ("auth", "contenttypes", "sessions", "messages")


def configure(folder: Path, url: str, *, careful: bool, seconds: int) -> None:
    """Set it up as its documentation says, below /o, with OpenID."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    settings.configure(
        SECRET_KEY=secrets.token_urlsafe(50),
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=NAME,
        INSTALLED_APPS=[*(f"django.contrib.{name}" for name in _APPS), "oauth2_provider"],
        # Tables are made as they are now, and not by the history of how they became so.
        MIGRATION_MODULES=dict.fromkeys((*_APPS, "oauth2_provider")),
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "context_processors": ["django.template.context_processors.request"],
                    "loaders": [
                        ("django.template.loaders.locmem.Loader", {"registration/login.html": _LOGIN}),
                        "django.template.loaders.app_directories.Loader",
                    ],
                },
            }
        ],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": folder / "toolkit.db",
                "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20},
            }
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        # Names as passwords need no slow hash.
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        USE_TZ=True,
        LOGIN_URL="/login/",
        OAUTH2_PROVIDER={
            "SCOPES": {"openid": "Know who you are", "things": "See your things"},
            "OIDC_ENABLED": True,
            "OIDC_RSA_PRIVATE_KEY": pem,
            "OIDC_ISS_ENDPOINT": f"{url}/o",
            "OAUTH2_VALIDATOR_CLASS": f"{NAME}.Validator",
            "ACCESS_TOKEN_EXPIRE_SECONDS": seconds,
            "REFRESH_TOKEN_REUSE_PROTECTION": careful,
        }
        | ({f"COMPLIANT_BCP_RFC9700_{name}": True for name in _ADVICE} if careful else {}),
    )
    django.setup()


def fill() -> None:
    """Make the tables, the administrator and the user."""
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    call_command("migrate", run_syncdb=True, verbosity=0)
    for name in (ADMINISTRATOR, USER):
        get_user_model().objects.create_user(name, password=name)


def build_urls() -> list:
    """Give the toolkit below /o, what the standards want at the root, the log-in and the application."""
    from django.contrib.auth.views import LoginView
    from django.http import JsonResponse
    from django.urls import include, path
    from oauth2_provider.decorators import protected_resource
    from oauth2_provider.models import AccessToken, RefreshToken
    from oauth2_provider.urls import metadata_urlpatterns

    @protected_resource(scopes=["things"], advertise_metadata=True)
    def list_things(request):
        owner = request.resource_owner
        return JsonResponse({"of": owner and owner.get_username()})

    def count(request, client_id):
        given = RefreshToken.objects.filter(application__client_id=client_id)
        live = AccessToken.objects.filter(application__client_id=client_id)
        counted = {"given": given.count(), "refresh": given.filter(revoked=None).count(), "access": live.count()}
        return JsonResponse(counted)

    return [
        path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
        path("", include((metadata_urlpatterns, "oauth2_metadata"))),
        path("login/", LoginView.as_view()),
        path("api/things", list_things),
        path("count/<client_id>", count),
    ]


def main() -> None:
    """Serve until it is interrupted."""
    from django.core.wsgi import get_wsgi_application

    folder, *words = sys.argv[1:]
    numbers = [int(word) for word in words if word.isdigit()]
    # The port is known before Django is set up with it.
    server = make_server("127.0.0.1", 0, lambda environ, answer: site(environ, answer), threaded=True)  # noqa: PLW0108
    url = f"http://127.0.0.1:{server.server_port}"
    configure(Path(folder), url, careful="careful" in words, seconds=(numbers or [3600])[0])
    fill()

    from oauth2_provider.oauth2_validators import OAuth2Validator

    class Validator(OAuth2Validator):
        oidc_claim_scope = None

        def get_additional_claims(self, request):
            return {"preferred_username": f"{request.user.get_username()}@toolkit"}

    globals().update(Validator=Validator, urlpatterns=build_urls())
    site = get_wsgi_application()
    print(json.dumps({"url": url}), flush=True)
    try:
        server.serve_forever(0.05)
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    # Django imports this very file by its name.
    sys.modules[NAME] = sys.modules["__main__"]
    main()
