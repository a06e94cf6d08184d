"""We ask for a token for the application itself."""

from applinks.fetching.exchange import Exchange
from applinks.outgoing.oauth2.token_request import send_token_request
from applinks.wire.oauth2.messages import ClientCredentials, PresentedClient, TokenAnswer, TokenRequest


def request_application_token(
    endpoint: str, *, scopes: tuple[str, ...], resource: str | None, client: PresentedClient
) -> Exchange[TokenAnswer]:
    """
    Ask for an access token in our own name.

    RFC 6749 §4.4.2, RFC 8707 §2.2.
    """
    asked = ClientCredentials(scopes=scopes, resource=resource)
    return (yield from send_token_request(endpoint, TokenRequest(client=client, asked=asked)))
