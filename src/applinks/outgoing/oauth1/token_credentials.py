"""We turn temporary credentials into token credentials, and renew those."""

from collections.abc import Mapping

from applinks.errors import PeerProtocolError, PeerRefusedError
from applinks.fetching.exchange import Exchange
from applinks.outgoing.errors import GrantEndedError
from applinks.outgoing.oauth1.problems import USER_PROBLEMS, build_error, clean_said
from applinks.outgoing.oauth1.signed_request import Freshness, HeldCredentials, OwnClient, sign_as
from applinks.secret import Secret
from applinks.wire.http import Request
from applinks.wire.oauth1.credentials import (
    MalformedCredentialsError,
    TokenCredentialsAnswer,
    parse_token_credentials,
)


def exchange_temporary_credentials(
    endpoint: str, *, held: HeldCredentials, oauth_verifier: Secret, own: OwnClient, freshness: Freshness
) -> Exchange[TokenCredentialsAnswer]:
    """
    Turn temporary credentials into token credentials; never twice, for that ends what they gave.

    RFC 5849 §2.3.

    Raises:
        PeerRefusedError: the server says no; the code is its problem's.
        PeerUnreachableError: a passing fault.
        PeerProtocolError: the answer holds no token credentials.
    """
    asked = {"oauth_verifier": oauth_verifier.reveal()}
    return (yield from _ask(endpoint, asked, held=held, own=own, freshness=freshness))


def renew_token_credentials(
    endpoint: str, *, held: HeldCredentials, session_handle: Secret, own: OwnClient, freshness: Freshness
) -> Exchange[TokenCredentialsAnswer]:
    """
    Turn token credentials into newer ones; the old ones end.

    OAuth Session Extension, *Refreshing Access Tokens*.

    Raises:
        GrantEndedError: the server knows them no more, or the session is over.
        PeerRefusedError, PeerUnreachableError, PeerProtocolError: they cannot be renewed now.
    """
    asked = {"oauth_session_handle": session_handle.reveal()}
    try:
        return (yield from _ask(endpoint, asked, held=held, own=own, freshness=freshness))
    except PeerRefusedError as error:
        if error.code not in USER_PROBLEMS:
            raise
        raise GrantEndedError(
            "The other application says that the authorization has ended.", code=error.code, detail=error.detail
        ) from error


def _ask(
    endpoint: str, parameters: Mapping[str, str], *, held: HeldCredentials, own: OwnClient, freshness: Freshness
) -> Exchange[TokenCredentialsAnswer]:
    asked = sign_as(own, Request(method="POST", url=endpoint), freshness, held=held, parameters=parameters)
    response = yield asked
    if response.status != 200:
        raise build_error(response, asked=asked, freshness=freshness)
    try:
        return parse_token_credentials(response.body)
    except MalformedCredentialsError as error:
        raise PeerProtocolError(
            "The other application does not answer with token credentials.",
            detail=f"{endpoint} answered 200, but: {clean_said(str(error), asked=asked)}",
        ) from None
