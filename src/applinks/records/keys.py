"""Our own identity and key pairs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from applinks.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """This installation: its id is opaque and stable, finds duplicates and proves nothing."""

    id: str
    created_at: int

    @property
    def cookie_suffix(self) -> str:
        """The first six hexadecimal digits of the uuid, which tell our cookie from a neighbour's."""
        return self.id.removeprefix("urn:uuid:")[:6]

    @property
    def consumer_key(self) -> str:
        """
        Who we are to another Applinks and to Data Center peers, over OAuth 1.0a.

        Thirty letters and digits: servers made with oauthlib take no other character and no longer key by default.
        """
        return "applinks" + self.id.removeprefix("urn:uuid:").replace("-", "")[:22]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """
    A key pair of ours; a key never signs for two protocols.

    Attributes:
        protocol: ``oauth2`` (which signs what links say, too) or ``oauth1``.
        kid: the RFC 7638 thumbprint.
        public: the public JWK, with ``kid``, ``alg`` and ``use``.
        private: the private JWK as JSON; of the RSA pair of OAuth 1.0a PEM.
    """

    kid: str
    protocol: str
    algorithm: str
    public: Mapping[str, Any] = field(repr=False)
    private: Secret
    created_at: int
    retired_at: int = 0
