"""What we are at an authorization server that is no Applinks: the values that an administrator took from there."""

from dataclasses import dataclass

from applinks.records.clients import ClientAuthentication
from applinks.secret import Secret
from applinks.wire.oauth1.methods import SignatureMethod


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerEndpoints:
    """
    Where the server answers, as an administrator entered it; empty: it has none, or is not known to have it.

    Attributes:
        token: of OAuth 1.0a where token credentials are had (the *access token URL*).
        temporary: of OAuth 1.0a where temporary credentials are had (the *request token URL*).
    """

    authorization: str
    token: str
    revocation: str = ""
    userinfo: str = ""
    temporary: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """
    Us as a client of the server at the other end of a link that was made by hand.

    Its issuer is the link's (`Link.issuer`). It is written with its link, under the link's version.

    Attributes:
        protocol: ``oauth2`` or ``oauth1``.
        client_id: as the server knows us; empty: not entered yet. Where ``document`` is set, the address of that
            document; of OAuth 1.0a the consumer key.
        client_secret: sealed in the database; None where we prove ourselves by a key, or not at all.
        authentication: how we prove ourselves there.
        document: the random id of our client id document for this server; empty: it has none.
        endpoints: None: read from the server's metadata, which is looked at again every few minutes.
        signature_method: of OAuth 1.0a; an RSA one signs with our key, an HMAC one with ``client_secret``.
        resource: the ``resource`` parameter (RFC 8707) to send; empty: none, since many servers refuse it.
    """

    link_id: str
    protocol: str = "oauth2"
    client_id: str = ""
    client_secret: Secret | None = None
    authentication: ClientAuthentication = ClientAuthentication.CLIENT_SECRET_BASIC
    document: str = ""
    endpoints: ServerEndpoints | None = None
    signature_method: SignatureMethod | None = None
    resource: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether all is there that a request to the server needs."""
        if self.protocol == "oauth1":
            return bool(self.client_id) and self.endpoints is not None and self._has_signing_key
        return bool(self.client_id) and (self.client_secret is not None or not self.authentication.is_by_secret)

    @property
    def _has_signing_key(self) -> bool:
        return self.signature_method is not None and (self.signature_method.is_rsa or self.client_secret is not None)
