"""
What we issue over OAuth 1.0a: temporary credentials, then token credentials.

RFC 5849 §2.

Of a token and of a verifier the digest is stored; the secrets are sealed, because HMAC needs them in clear. All that
comes of one consent is one *family*, as with OAuth 2: it ends as one.
"""

from dataclasses import dataclass, field

from applinks.secret import Secret

OUT_OF_BAND = "oob"
"""RFC 5849 §2.1: the callback of a client that has none, and has its users type the verifier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemporaryCredentials:
    """
    What a client holds while a user decides.

    Attributes:
        digest: of the token's secret part, as of every value of ours.
        secret: signs the request that exchanges them.
        client: id of its record.
        callback: an absolute URL, or ``oob``; empty: the 1.0 dialect, which names it at the authorization endpoint.
        grant_id: of what the user granted; empty: she did not yet, or said no.
        oauth_verifier: digest of what proves that she came back; empty in the 1.0 dialect.
        decided_at: when she said yes or no; 0: not yet.
        claimed_at: when they were exchanged; 0: not yet.
        family_id: of what they were exchanged for.
    """

    row: int
    digest: bytes = field(repr=False)
    secret: Secret
    client: str
    callback: str
    issued_at: int
    expires_at: int
    user_id: str = ""
    grant_id: str = ""
    oauth_verifier: bytes = field(default=b"", repr=False)
    decided_at: int = 0
    claimed_at: int = 0
    family_id: str = ""

    @property
    def is_dialect_1_0(self) -> bool:
        """Whether they were asked for without a callback, as before RFC 5849: then no verifier is asked for."""
        return not self.callback


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCredentials:
    """
    What a client calls with for a user.

    Attributes:
        session_handle: digest of what renews them.
        session_expires_at: until when they can be renewed.
        superseded_at: when a renewal replaced them, which ends them; 0: they are current.
    """

    row: int
    digest: bytes = field(repr=False)
    secret: Secret
    client: str
    grant_id: str
    family_id: str
    user_id: str
    scopes: tuple[str, ...]
    resource: str
    session_handle: bytes = field(repr=False)
    session_expires_at: int
    issued_at: int
    expires_at: int
    superseded_at: int = 0
