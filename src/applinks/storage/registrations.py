"""What we are at servers that are no Applinks, as rows; the secret is sealed."""

from typing import Any

from sqlalchemy import Connection, delete, insert

from applinks.records.clients import ClientAuthentication
from applinks.records.registrations import Registration, ServerEndpoints
from applinks.storage.rows import Row, format_json, parse_json_as
from applinks.storage.schema import registrations
from applinks.storage.sealing.sealer import Sealer
from applinks.wire.oauth1.signature import SignatureMethod


def replace_registration(connection: Connection, registration: Registration, sealer: Sealer) -> None:
    """Store the registration of a link in the place of the one before, inside a unit."""
    delete_registration(connection, registration.link_id)
    connection.execute(insert(registrations).values(_format(registration, sealer)))


def delete_registration(connection: Connection, link_id: str) -> None:
    """Delete the registration of a link, inside a unit."""
    connection.execute(delete(registrations).where(registrations.c.link_id == link_id))


def parse_registration(row: Row, sealer: Sealer) -> Registration:
    """Give the registration of a row, its secret opened."""
    sealed = row["client_secret"]
    endpoints = row["endpoints"]
    return Registration(
        link_id=row["link_id"],
        client_id=row["client_id"],
        client_secret=None if sealed is None else sealer.unseal(sealed, **_place_secret(row["link_id"])),
        authentication=ClientAuthentication(row["authentication"]),
        document=row["document"],
        endpoints=None if endpoints is None else parse_json_as(ServerEndpoints, endpoints),
        resource=row["resource"],
        protocol=row["protocol"],
        signature_method=SignatureMethod(row["signature_method"]) if row["signature_method"] else None,
    )


def _format(registration: Registration, sealer: Sealer) -> dict[str, Any]:
    secret, endpoints = registration.client_secret, registration.endpoints
    return {
        "link_id": registration.link_id,
        "client_id": registration.client_id,
        "client_secret": None if secret is None else sealer.seal(secret, **_place_secret(registration.link_id)),
        "authentication": registration.authentication.value,
        "document": registration.document,
        "endpoints": None if endpoints is None else format_json(endpoints),
        "resource": registration.resource,
        "protocol": registration.protocol,
        "signature_method": registration.signature_method.value if registration.signature_method else None,
    }


def _place_secret(link_id: str) -> dict[str, str]:
    return {"table": "applinks_registrations", "column": "client_secret", "row": link_id}
