"""We ask for temporary credentials, with which a user is sent to the server."""

from applinks.errors import PeerProtocolError
from applinks.fetching.exchange import Exchange
from applinks.outgoing.oauth1.problems import build_error, clean_said
from applinks.outgoing.oauth1.signed_request import Freshness, HeldCredentials, OwnClient, sign_as
from applinks.secret import Secret
from applinks.wire.http import Request
from applinks.wire.oauth1.credentials import MalformedCredentialsError, parse_temporary_credentials


def request_temporary_credentials(
    endpoint: str, *, callback: str, own: OwnClient, freshness: Freshness
) -> Exchange[HeldCredentials]:
    """
    Ask for temporary credentials that lead back to ``callback``.

    RFC 5849 §2.1.

    Raises:
        PeerRefusedError: the server says no; the code is its problem's.
        PeerUnreachableError: a passing fault.
        PeerProtocolError: the answer is none, or of the dialect before RFC 5849, in which a stranger can finish what
            a user began: that we never speak.
    """
    asked = sign_as(own, Request(method="POST", url=endpoint), freshness, parameters={"oauth_callback": callback})
    response = yield asked
    if response.status != 200:
        raise build_error(response, asked=asked, freshness=freshness)
    try:
        answer = parse_temporary_credentials(response.body)
    except MalformedCredentialsError as error:
        raise PeerProtocolError(
            "The other application does not answer with temporary credentials.",
            detail=f"{endpoint} answered 200, but: {clean_said(str(error), asked=asked)}",
        ) from None
    if not answer.confirmed:
        raise PeerProtocolError(
            "The other application speaks a version of OAuth 1.0 that is not safe.",
            code="callback_not_confirmed",
            detail=f"{endpoint} does not say oauth_callback_confirmed=true",
        )
    return HeldCredentials(token=Secret(answer.token), secret=answer.secret)
