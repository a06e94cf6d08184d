"""
The peer as a client of ours, as the agreement has it. No secret exists.

Handshake §3 Registration.
"""

from applinks.entropy import Entropy, new_id
from applinks.linking.hearing import find_incoming
from applinks.records.clients import Client, ClientAuthentication, GrantType
from applinks.records.links import Agreement, Link


def build_client(link: Link, agreed: Agreement, *, entropy: Entropy, now: int) -> Client | None:
    """Make the client record of the peer; None where the terms give it nothing to call."""
    access = find_incoming(agreed, link.peer.url)
    if access is None:
        return None
    return Client(
        id=new_id(entropy, "cli"),
        client_id=link.peer.manifest["client_id"],
        link_id=link.id,
        name=link.peer.name,
        authentication=ClientAuthentication.PRIVATE_KEY_JWT,
        redirect_uris=(link.peer.manifest["redirect_uri_base"] + link.id,),
        grant_types=tuple(GrantType),
        scopes=access.user_scopes,
        application_scopes=access.application_scopes,
        is_peer=True,
        created_at=now,
    )
