"""When grants, connections and clients' secrets were last used: counted in memory, written once a minute."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LastUsed:
    """The moments to write, by id; a crash may lose a minute of them, never a decision."""

    grants: Mapping[str, int]
    connections: Mapping[str, int]
    secrets: Mapping[int, int]

    def __bool__(self) -> bool:
        return bool(self.grants or self.connections or self.secrets)


class Usage:
    """What was used in this process since it was last written."""

    def __init__(self) -> None:
        self._grants: dict[str, int] = {}
        self._connections: dict[str, int] = {}
        self._secrets: dict[int, int] = {}

    def mark_grant(self, grant_id: str, now: int) -> None:
        """Note that a call was made under a grant."""
        self._grants[grant_id] = now

    def mark_connection(self, connection_id: str, now: int) -> None:
        """Note that a call was made over a connection."""
        self._connections[connection_id] = now

    def mark_secret(self, row: int, now: int) -> None:
        """Note that a client proved itself with a secret."""
        self._secrets[row] = now

    def take(self) -> LastUsed:
        """Give what is to be written, and begin anew."""
        taken = LastUsed(grants=self._grants, connections=self._connections, secrets=self._secrets)
        self._grants, self._connections, self._secrets = {}, {}, {}
        return taken

    def put_back(self, taken: LastUsed) -> None:
        """Note again what could not be written; what was used since counts as it is."""
        self._grants = {**taken.grants, **self._grants}
        self._connections = {**taken.connections, **self._connections}
        self._secrets = {**taken.secrets, **self._secrets}
