"""
A client and its secrets, read by one statement, so that they belong together.

Each database writes the secrets as one JSON text, with the names that it has for that.
"""

from typing import Any

import msgspec

from applinks.records.clients import Client, ClientSecret
from applinks.storage.rows import parse_client
from applinks.storage.sealing.sealer import Sealer

# What each secret's array holds; the digest is in hexadecimal, as every database can write it.
_SecretValues = tuple[int, int, str, str, int, int, int]
_SECRETS = msgspec.json.Decoder(list[_SecretValues])


def build_query(*, array: str, collect: str, digest: str) -> str:
    """Write the look-up of a client by its record id, which is bound where the statement ends."""
    columns = f"s.place, s.row, {digest}, s.hint, s.created_at, s.expires_at, s.last_used_at"
    return (
        f"SELECT c.*, (SELECT {collect}({array}({columns})) FROM applinks_client_secrets s "  # noqa: S608
        "WHERE s.client = c.id) AS secrets FROM applinks_clients c WHERE c.id = "
    )


def parse_found_client(row: dict[str, Any], sealer: Sealer) -> Client:
    """Give the client that the look-up found."""
    # PostgreSQL collects nothing into no value at all.
    found = sorted(_SECRETS.decode(row["secrets"] or "[]"))
    secrets = (
        ClientSecret(
            row=number,
            digest=bytes.fromhex(digest),
            hint=hint,
            created_at=created_at,
            expires_at=expires_at,
            last_used_at=last_used_at,
        )
        for _, number, digest, hint, created_at, expires_at, last_used_at in found
    )
    return parse_client(row, sealer, secrets)
