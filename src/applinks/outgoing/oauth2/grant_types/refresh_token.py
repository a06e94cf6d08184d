"""We renew an access token."""

from applinks.fetching.exchange import Exchange
from applinks.outgoing.oauth2.token_request import send_token_request
from applinks.secret import Secret
from applinks.wire.oauth2.messages import PresentedClient, Refresh, TokenAnswer, TokenRequest


def refresh(
    endpoint: str, *, refresh_token: Secret, resource: str | None, client: PresentedClient
) -> Exchange[TokenAnswer]:
    """
    Turn a refresh token into tokens; without ``scope``, so that what was granted stays whole.

    RFC 6749 §6, RFC 8707 §2.2.
    """
    asked = Refresh(refresh_token=refresh_token.reveal(), resource=resource)
    return (yield from send_token_request(endpoint, TokenRequest(client=client, asked=asked)))
