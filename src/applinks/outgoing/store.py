"""What the outgoing side needs of storage."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from applinks.records.audit import AuditEvent
from applinks.records.connections import Connection
from applinks.records.links import Link
from applinks.records.registrations import Registration
from applinks.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTrip:
    """
    A journey of a user's browser to the peer and back, while it is under way.

    Attributes:
        protocol: ``oauth2`` or ``oauth1``.
        state: digest of the ``state`` parameter; of OAuth 1.0a of the temporary token.
        session: digest of the browser session that began.
        return_to: a path of ours or of the host, where the browser goes at the end.
        issuer: whose ``iss`` must come back.
        code_verifier: of OAuth 1.0a the secret of the temporary token.
    """

    state: bytes = field(repr=False)
    session: bytes = field(repr=False)
    link_id: str
    user_id: str
    name: str
    issuer: str
    code_verifier: Secret
    redirect_uri: str
    scopes: tuple[str, ...]
    return_to: str
    expires_at: int
    protocol: str = "oauth2"


class OutgoingStore(Protocol):
    """Links to read, connections, round trips. Every method is one transaction."""

    async def find_link(self, id_or_handle: str) -> Link | None:
        """Give a link by id, else a link that has not ended by handle."""
        ...

    async def list_handles(self) -> frozenset[str]:
        """Give every handle of links that have not ended."""
        ...

    async def find_registration(self, link_id: str) -> Registration | None:
        """Give what we are at the server of a link that was made by hand and has not ended."""
        ...

    async def find_document(self, document: str) -> tuple[Link, Registration] | None:
        """Give the registration whose client id document has this random id, while its link has not ended."""
        ...

    async def find_connection(self, *, link_id: str, user_id: str | None, name: str = "") -> Connection | None:
        """Give the stored credentials; ``user_id`` None: the application's own."""
        ...

    async def list_connections_of_user(self, user_id: str) -> Sequence[tuple[Connection, Link]]:
        """Give a user's connections to links that have not ended."""
        ...

    async def count_connections_of_link(self, link_id: str) -> int:
        """Count the users who are connected over a link."""
        ...

    async def add_connection(self, connection: Connection, *, event: AuditEvent | None) -> None:
        """Insert, or replace the one with the same (link, user, name), whatever its version."""
        ...

    async def swap_connection(self, connection: Connection, *, expected_version: int) -> bool:
        """Replace the record if its version is still the expected one; False: another was faster."""
        ...

    async def delete_connection(self, connection_id: str, *, event: AuditEvent) -> bool:
        """Delete the record; False: it was gone."""
        ...

    async def add_round_trip(self, round_trip: RoundTrip) -> None:
        """Keep a journey that begins; of a user who begins many, the oldest are given up."""
        ...

    async def claim_round_trip(self, *, state: bytes, session: bytes, link_id: str) -> RoundTrip | None:
        """Take a journey, once, by its state, only in the browser that began and for that link."""
        ...
