"""We exchange an authorization code."""

from applinks.fetching.exchange import Exchange
from applinks.outgoing.oauth2.token_request import send_token_request
from applinks.wire.oauth2.messages import CodeExchange, PresentedClient, TokenAnswer, TokenRequest


def exchange_code(endpoint: str, asked: CodeExchange, *, client: PresentedClient) -> Exchange[TokenAnswer]:
    """
    Turn a code into tokens; never twice, for a code that is presented twice ends what it gave.

    RFC 6749 §4.1.3, RFC 7636 §4.5, RFC 8707 §2.2.
    """
    return (yield from send_token_request(endpoint, TokenRequest(client=client, asked=asked)))
