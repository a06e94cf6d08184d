"""The addresses and keys that two Applinks use of each other, for those who look for one."""

from collections.abc import Mapping, Sequence

from applinks.incoming.oauth2.metadata import AUTHORIZE_PATH, JWKS_PATH
from applinks.incoming.rules import TOKEN_PATH
from applinks.linking.documents import (
    OAUTH1_ACCESS_TOKEN_PATH,
    OAUTH1_AUTHORIZE_PATH,
    OAUTH1_JWKS_PATH,
    OAUTH1_REQUEST_TOKEN_PATH,
)
from applinks.linking.keys import format_fingerprint
from applinks.web.pages.links.states import LinkLook
from applinks.web.pages.links.views import AddressList
from applinks.words import gettext as _
from applinks.words import say_client_id

_Rows = tuple[tuple[str, str], ...]


def list_addresses(
    look: LinkLook, *, own_keys: Sequence[Mapping[str, object]], consumer_key: str
) -> tuple[AddressList, ...]:
    """Give ours, of each protocol that the peer calls us over, and the peer's; ``consumer_key`` is our own."""
    link = look.link
    return (
        AddressList(
            title=_("{us}’s, that {peer} uses").format(us=look.us, peer=link.name),
            rows=_leave_empty_out(_list_ours(look, own_keys, consumer_key)),
            keys_words=_("Keys of {name}").format(name=look.us),
        ),
        AddressList(
            title=_("{peer}’s, that {us} uses").format(us=look.us, peer=link.name),
            rows=_leave_empty_out(_list_theirs(look)),
            keys_words=_("Keys of {name}").format(name=link.name),
        ),
    )


def _list_ours(look: LinkLook, own_keys: Sequence[Mapping[str, object]], consumer_key: str) -> _Rows:
    incoming = look.incoming_access.protocols if look.incoming_access else ()
    oauth2: _Rows = ((_("Authorization"), AUTHORIZE_PATH), (_("Token"), TOKEN_PATH))
    oauth1: _Rows = (
        (_("Request token"), OAUTH1_REQUEST_TOKEN_PATH),
        (_("Authorize"), OAUTH1_AUTHORIZE_PATH),
        (_("Access token"), OAUTH1_ACCESS_TOKEN_PATH),
    )
    return (
        (_("Issuer"), look.base_url),
        *(oauth2 if "oauth2" in incoming else ()),
        *(oauth1 if "oauth1" in incoming else ()),
        (_("Keys"), JWKS_PATH),
        (_("Statements"), "/applinks/link/statement"),
        (_("Key in use"), format_fingerprint(str(own_keys[0]["kid"])) if own_keys else ""),
        (say_client_id("oauth1"), consumer_key if _speaks_oauth1(look) else ""),
        (_("Keys of OAuth 1.0a"), OAUTH1_JWKS_PATH if _speaks_oauth1(look) else ""),
    )


def _list_theirs(look: LinkLook) -> _Rows:
    link, peer = look.link, look.link.peer
    oauth1 = peer.manifest.get("oauth1") or {} if _speaks_oauth1(look) else {}
    return (
        # What has ended gave its handle back; the next link of that name may have it.
        (_("Called in code"), "" if link.ended_at else link.handle),
        (_("Issuer"), peer.url),
        (_("Returns to"), f"{peer.manifest.get('redirect_uri_base', '')}{link.id}".removeprefix(peer.url)),
        (_("Keys"), str(peer.manifest.get("jwks_uri", "")).removeprefix(peer.url)),
        (_("Key in use"), format_fingerprint(str(peer.keys[0]["kid"])) if peer.keys else ""),
        (say_client_id("oauth1"), str(oauth1.get("consumer_key", ""))),
        (_("Keys of OAuth 1.0a"), str(oauth1.get("jwks_uri", "")).removeprefix(peer.url)),
    )


def _speaks_oauth1(look: LinkLook) -> bool:
    return "oauth1" in {*look.link.incoming.protocols, *look.link.outgoing.protocols}


def _leave_empty_out(rows: _Rows) -> _Rows:
    return tuple(row for row in rows if row[1])
