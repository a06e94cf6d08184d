"""A client begins: it gets temporary credentials, with which it sends a user to us."""

from applinks.errors import RefusedError
from applinks.incoming.challenges import build_unavailable
from applinks.incoming.issued_values import issue_value
from applinks.incoming.oauth1.callbacks import may_be_answered
from applinks.incoming.oauth1.problems import OAuth1RefusedError, refuse_absent, refuse_parameter
from applinks.incoming.oauth1.signed_request import VerifiedRequest, verify_signed_request
from applinks.incoming.oauth1.store import get_oauth1
from applinks.incoming.policy import Hindrance, find_obstacle, note_early_call
from applinks.incoming.side import IncomingSide
from applinks.records.clients import Client
from applinks.records.links import Link
from applinks.records.token_credentials import TemporaryCredentials
from applinks.secret import Secret
from applinks.wire.base64url import format_base64url
from applinks.wire.http import Request, Response
from applinks.wire.oauth1.credentials import TemporaryCredentialsAnswer, format_temporary_credentials
from applinks.wire.oauth1.problems import Problem
from applinks.wire.token_format import TokenKind

ANSWER_HEADERS = (
    ("Content-Type", "text/plain"),
    ("Cache-Control", "no-store"),
    ("Pragma", "no-cache"),
    ("X-Content-Type-Options", "nosniff"),
)

_SECRET_BYTES = 32


async def answer_temporary_credentials_request(request: Request, *, source: str, side: IncomingSide) -> Response:
    """
    Answer a request for temporary credentials.

    RFC 5849 §2.1.

    Raises:
        OAuth1RefusedError: with the problem.
        RefusedError: ``temporarily_unavailable`` while the link cannot be used; ``too_many_requests``.
    """
    verified = await verify_signed_request(request, source=source, side=side)
    try:
        check_may_begin(verified.found.client, verified.found.link)
        callback = decide_callback(verified)
    except RefusedError as refusal:
        note_early_call(verified.found.link, side)
        raise verified.note(refusal) from refusal.__cause__
    now = side.clock.now()
    value, secret = issue_value(TokenKind.TEMPORARY_CREDENTIALS, side=side), make_secret(side)
    credentials = TemporaryCredentials(
        row=value.row,
        digest=value.digest,
        secret=secret,
        client=verified.found.client.id,
        callback=callback,
        issued_at=now,
        expires_at=now + side.rules.lifetimes.temporary_credentials_seconds,
    )
    await side.oauth1.add_temporary_credentials(credentials)
    answer = TemporaryCredentialsAnswer(token=value.text, secret=secret, confirmed=bool(callback))
    return Response(status=200, headers=ANSWER_HEADERS, body=format_temporary_credentials(answer).encode("ascii"))


def check_may_begin(client: Client, link: Link) -> None:
    """
    Check that the client may obtain access from users at all now.

    Raises:
        RefusedError: ``temporarily_unavailable`` while the link waits; ``permission_denied``.
    """
    obstacle = find_obstacle(client, link)
    if obstacle is not None and obstacle.hindrance is Hindrance.WAITING:
        raise build_unavailable(obstacle.detail)
    if obstacle is not None or not get_oauth1(client).three_legged:
        detail = obstacle.detail if obstacle else f"the client {client.client_id} may not ask users"
        raise OAuth1RefusedError(Problem.PERMISSION_DENIED, detail=detail)


def decide_callback(verified: VerifiedRequest) -> str:
    """
    Give the callback that the request fixes; empty: it is of the 1.0 dialect.

    RFC 5849 §2.1.

    Stricter than RFC 5849 §2.1: a callback has to be registered.
    Looser than RFC 5849 §2.1: it may be left out where the client's record allows the 1.0 dialect, because clients in
    the field know nothing newer.

    Raises:
        OAuth1RefusedError: it names none, or one that is not registered; or it shows a token, which it has not yet.
    """
    client, oauth1 = verified.found.client, get_oauth1(verified.found.client)
    if verified.shows_token:
        raise refuse_parameter("oauth_token", detail="oauth_token has to be empty or left out here")
    callback = verified.signed.unverified.get("oauth_callback", "")
    if not callback:
        if not oauth1.dialect_1_0:
            raise refuse_absent(
                "oauth_callback", detail=f"the client {client.client_id} may not leave out oauth_callback"
            )
        return ""
    if not may_be_answered(callback, client):
        detail = f"oauth_callback {callback[:200]!r} is not registered for the client {client.client_id}"
        raise refuse_parameter("oauth_callback", detail=detail)
    return callback


def make_secret(side: IncomingSide) -> Secret:
    """Make the secret that goes with a token."""
    return Secret(format_base64url(side.entropy.random_bytes(_SECRET_BYTES)))
