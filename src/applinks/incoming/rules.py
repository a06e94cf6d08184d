"""The settled values that a decision needs, apart from what it loads: lifetimes, addresses, declared resources."""

from dataclasses import dataclass, field

from applinks.bounds import Lifetimes
from applinks.records.scopes import ADMINISTRATION, Resource
from applinks.settings import Settings

TOKEN_PATH = "/applinks/oauth2/token"  # noqa: S105 - an address
# What a resource may hold besides its grammar would let two spellings name one place.
_NOT_IN_RESOURCE = frozenset("#%\\ ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """
    What every decision of this side goes by.

    Attributes:
        issuer: our base URL.
        token_endpoint: what some clients name as audience of their assertions.
        resources: the host first, then what it declares below itself.
    """

    issuer: str
    token_endpoint: str
    lifetimes: Lifetimes
    resources: tuple[Resource, ...] = field(repr=False)

    def __post_init__(self) -> None:
        if not self.resources or self.resources[0].identifier != self.issuer:
            raise ValueError("the first resource is the host itself, identified by the base URL")
        for resource in self.resources[1:]:
            if not resource.identifier.startswith(self.issuer + "/") or resource.identifier.endswith("/"):
                raise ValueError(f"{resource.identifier} is not below the base URL")

    @property
    def host(self) -> Resource:
        """The host itself, the resource of a request that names none."""
        return self.resources[0]

    def find_resource_of(self, url: str) -> Resource | None:
        """
        Give the nearest declared resource at or above the URL of a request.

        The path is compared as the host routes it; the query does not count.
        """
        place = url.split("?", 1)[0]
        found: Resource | None = None
        for each in self.resources:
            if place == each.identifier or place.startswith(each.identifier + "/"):  # noqa: SIM102 - the rare case apart.
                if found is None or len(each.identifier) > len(found.identifier):
                    found = each
        return found

    def find_resource_named(self, value: str | None) -> Resource | None:
        """
        Give the resource that a ``resource`` parameter means; without one, the host.

        RFC 8707 §2.

        None (``invalid_target``): neither at nor below our base URL, or not in plain spelling.
        """
        if value is None:
            return self.host
        if not _NOT_IN_RESOURCE.isdisjoint(value) or not {".", ".."}.isdisjoint(value.split("?", 1)[0].split("/")):
            return None
        return self.find_resource_of(value)


def build_rules(settings: Settings, resources: tuple[Resource, ...]) -> Rules:
    """Gather what decisions need from the settings and the declared resources."""
    return Rules(
        issuer=settings.issuer,
        token_endpoint=settings.url(TOKEN_PATH),
        lifetimes=settings.lifetimes,
        resources=(*map(_add_administration, resources[:1]), *resources[1:]),
    )


def _add_administration(host: Resource) -> Resource:
    return Resource(host.identifier, (*host.scopes, ADMINISTRATION))
