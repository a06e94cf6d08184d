"""Makes the tables, the client, and a user with a session and a token that says she consented; prints her session."""

import os
from datetime import timedelta

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402
from oauth2_provider.models import AccessToken, Application  # noqa: E402


def seed() -> str:
    """Give the key of the user's session."""
    call_command("migrate", verbosity=0)
    user = get_user_model().objects.create_user(os.environ["BENCH_USER"])
    application = Application.objects.create(
        name="bench",
        client_id=os.environ["BENCH_CLIENT_ID"],
        client_secret=os.environ["BENCH_CLIENT_SECRET"],
        # Hashed as a password, it would cost the toolkit 200 ms a request: ours is 256 random bits.
        hash_client_secret=False,
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        redirect_uris=os.environ["BENCH_REDIRECT_URI"],
        user=user,
    )
    AccessToken.objects.create(
        user=user,
        application=application,
        token="consented",
        scope=os.environ["BENCH_SCOPE"],
        expires=timezone.now() + timedelta(days=1),
    )
    # A client of the toolkit has one grant type; the other one's client is named after it.
    Application.objects.create(
        name="bench for itself",
        client_id=f"{application.client_id}-itself",
        client_secret=os.environ["BENCH_CLIENT_SECRET"],
        hash_client_secret=False,
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
        user=user,
    )
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


if __name__ == "__main__":
    print(seed())
