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


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """
    A key pair of ours; a key never signs for two protocols.

    Attributes:
        kid: the RFC 7638 thumbprint.
        public: the public JWK, with ``kid``, ``alg`` and ``use``.
        private: the private JWK as JSON.
    """

    kid: str
    protocol: str
    algorithm: str
    public: Mapping[str, Any] = field(repr=False)
    private: Secret
    created_at: int
    retired_at: int = 0
