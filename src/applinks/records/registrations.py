"""What we are at an authorization server that is no Applinks: the values that an administrator took from there."""

from dataclasses import dataclass

from applinks.records.clients import ClientAuthentication
from applinks.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerEndpoints:
    """Where the server answers, as an administrator entered it; empty: it has none, or is not known to have it."""

    authorization: str
    token: str
    revocation: str = ""
    userinfo: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """
    Us as a client of the server at the other end of a link that was made by hand.

    Its issuer is the link's (`Link.issuer`). It is written with its link, under the link's version.

    Attributes:
        client_id: as the server knows us; empty: not entered yet. Where ``document`` is set, the address of that
            document.
        client_secret: sealed in the database; None where we prove ourselves by a key, or not at all.
        authentication: how we prove ourselves there.
        document: the random id of our client id document for this server; empty: it has none.
        endpoints: None: read from the server's metadata, which is looked at again every few minutes.
        resource: the ``resource`` parameter (RFC 8707) to send; empty: none, since many servers refuse it.
    """

    link_id: str
    client_id: str = ""
    client_secret: Secret | None = None
    authentication: ClientAuthentication = ClientAuthentication.CLIENT_SECRET_BASIC
    document: str = ""
    endpoints: ServerEndpoints | None = None
    resource: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether all is there that a request to the server needs."""
        return bool(self.client_id) and (self.client_secret is not None or not self.authentication.is_by_secret)
