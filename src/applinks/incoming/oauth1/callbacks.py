"""Where the answer to a client of OAuth 1.0a may go."""

import re

from applinks.records.clients import Client
from applinks.records.token_credentials import OUT_OF_BAND
from applinks.wire.urls import is_redirect_uri_match

# What stands in a URI, escapes or not: the query is the client's own affair, but it ends where a fragment begins.
_QUERY = re.compile(r"[\x21\x22\x24-\x7e]*\Z")
_WEB = re.compile(r"https?://", re.IGNORECASE)
_LONGEST = 2000


def may_be_answered(callback: str, client: Client) -> bool:
    """Whether a client may be answered at this callback: a registered one, ``oob``, or none (1.0 dialect)."""
    if client.oauth1 is None:
        return False
    if not callback:
        return client.oauth1.dialect_1_0
    return client.oauth1.out_of_band if callback == OUT_OF_BAND else is_callback_match(callback, client)


def is_callback_match(asked: str, client: Client) -> bool:
    """
    Whether a callback is a registered one.

    Looser than RFC 9700 §2.1: it may differ in its query, because clients of OAuth 1.0a put what they want to find
    again there. Of an http one to this machine the port may vary, as over OAuth 2.
    """
    if len(asked) > _LONGEST or not _WEB.match(asked):
        return False
    place, _, query = asked.partition("?")
    registered = [each.partition("?")[0] for each in client.redirect_uris]
    return _QUERY.match(query) is not None and (place in registered or is_redirect_uri_match(place, registered))
