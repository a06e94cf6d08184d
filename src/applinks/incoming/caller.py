"""Who a request turned out to come from."""

from dataclasses import dataclass

from applinks.records.clients import Client
from applinks.records.links import Link
from applinks.records.users import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """
    A linked application that called us, proved.

    Attributes:
        link: never None: every client belongs to a link.
        user: for whom it calls; None: for itself.
        scopes: what it may do now: what was granted, within what the link allows at this moment.
        resource: what the credentials were issued for.
        protocol: ``oauth2`` or ``oauth1``.
    """

    link: Link
    client: Client
    user: User | None
    scopes: frozenset[str]
    resource: str
    protocol: str
