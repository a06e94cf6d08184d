"""What an administrator typed, checked where it is written, so that pages and commands say the same of a field."""

from collections.abc import Collection, Iterable, Sequence

from applinks.errors import RefusedError
from applinks.linking.errors import LinkingError
from applinks.records.clients import GrantType
from applinks.records.links import is_handle
from applinks.records.registrations import ServerEndpoints
from applinks.records.scopes import ADMIN_SCOPE, CHECK_SCOPE, OFFLINE_SCOPE
from applinks.settings import Settings
from applinks.wire.oauth2.scope import MalformedScopeError, parse_scope
from applinks.wire.urls import MalformedUrlError, check_base_url, check_endpoint_url, check_redirect_uri

LONGEST_NAME = 60
LONGEST_DESCRIPTION = 200
LONGEST_CLIENT_ID = 500
LONGEST_SECRET = 2000
MOST_REDIRECT_URIS = 20
_MOST_SCOPES = 64
_LONGEST_SCOPE = 64
# Some servers' scopes are addresses.
_LONGEST_FOREIGN_SCOPE = 256


class InvalidValueError(RefusedError):
    """
    A value cannot be taken; nothing was written.

    Attributes:
        field: which one, by its name in the dataclass or function that took it.
    """

    def __init__(self, field: str, code: str, description: str) -> None:
        super().__init__(description, code=code, detail=f"{field}: {description}")
        self.field = field


def clean_name(name: str, *, field: str = "name") -> str:
    """
    Give a name without the spaces around it.

    Raises:
        InvalidValueError: ``invalid_name``.
    """
    cleaned = name.strip()
    if not 1 <= len(cleaned) <= LONGEST_NAME or not cleaned.isprintable():
        raise InvalidValueError(
            field, "invalid_name", f"A name has 1 to {LONGEST_NAME} characters, which can all be shown."
        )
    return cleaned


def clean_description(text: str) -> str:
    """
    Give a description, which may be empty, without the spaces around it.

    Raises:
        InvalidValueError: ``invalid_description``.
    """
    cleaned = text.strip()
    if len(cleaned) > LONGEST_DESCRIPTION or not cleaned.isprintable():
        text = f"A description is one line of at most {LONGEST_DESCRIPTION} characters, which can all be shown."
        raise InvalidValueError("description", "invalid_description", text)
    return cleaned


def tidy_description(text: str) -> str:
    """Give as much of what an application says of itself as a description may hold, on one line."""
    line = " ".join(text.split())
    return "".join(each for each in line if each.isprintable())[:LONGEST_DESCRIPTION].strip()


def check_handle(handle: str) -> None:
    """
    Check that a text may name a link here.

    Raises:
        InvalidValueError: ``invalid_handle``.
    """
    if not is_handle(handle):
        raise InvalidValueError(
            "handle", "invalid_handle", "A handle has 1 to 60 of a-z, 0-9 and -, not at its ends; “new” is reserved."
        )


def check_redirect_uris(uris: Sequence[str]) -> tuple[str, ...]:
    """
    Give the redirect URIs, each once.

    Raises:
        InvalidValueError: ``invalid_redirect_uri``: one may not be registered; the description says which and why.
    """
    for uri in uris:
        try:
            check_redirect_uri(uri)
        except MalformedUrlError as error:
            text = f"{uri[:200]!r} cannot be a redirect URI: {error}."
            raise InvalidValueError("redirect_uris", "invalid_redirect_uri", text) from error
    kept = tuple(dict.fromkeys(uris))
    if len(kept) > MOST_REDIRECT_URIS:
        text = f"A client has at most {MOST_REDIRECT_URIS} redirect URIs."
        raise InvalidValueError("redirect_uris", "invalid_redirect_uri", text)
    return kept


def check_scopes(scopes: Iterable[str], *, field: str, ours: bool) -> tuple[str, ...]:
    """
    Give the scopes, each once; of ``ours``, that of the refresh token is left out, which every code grant gets.

    Raises:
        InvalidValueError: ``invalid_scope``: one is no scope, or is reserved.
    """
    kept = tuple(dict.fromkeys(name for name in scopes if not (ours and name == OFFLINE_SCOPE)))
    if len(kept) > _MOST_SCOPES:
        raise InvalidValueError(field, "invalid_scope", f"At most {_MOST_SCOPES} scopes can be named.")
    for name in kept:
        if ours and name == CHECK_SCOPE:
            raise InvalidValueError(field, "invalid_scope", f"The scope {CHECK_SCOPE} is reserved for test calls.")
        if not ours and "," in name:
            text = f"{name[:80]!r} has a comma: name each scope by itself."
            raise InvalidValueError(field, "invalid_scope", text)
        if not _is_scope(name, longest=_LONGEST_SCOPE if ours else _LONGEST_FOREIGN_SCOPE):
            text = f"{name[:80]!r} is no scope: one word of visible ASCII characters, without quotes."
            raise InvalidValueError(field, "invalid_scope", text)
    return kept


def list_unnamed(allowed: Iterable[str]) -> tuple[str, ...]:
    """Give what a client gets that names no scope: all that its link has, but never to administer links."""
    return tuple([name for name in allowed if name != ADMIN_SCOPE])


def check_within(scopes: Iterable[str], allowed: Collection[str], *, link: str) -> None:
    """
    Check that scopes are among those that the incoming side of a link has.

    Raises:
        InvalidValueError: ``scope_not_of_link``.
    """
    if beyond := [name for name in scopes if name not in allowed]:
        text = f"The link {link} does not allow {', '.join(beyond)} here; allow it there first."
        raise InvalidValueError("scopes", "scope_not_of_link", text)


def choose_grant_types(
    wanted: Sequence[GrantType] | None,
    *,
    has_redirects: bool,
    has_scopes: bool,
    is_resource_server: bool,
    public: bool,
) -> tuple[GrantType, ...]:
    """
    Give the ways in which a new client may obtain tokens; None: the defaults, as far as it can use them.

    Product §4 Defaults.

    Raises:
        InvalidValueError: ``redirect_uri_missing``, ``invalid_grant_type`` or ``scope_missing``.
    """
    by_user = (GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN) if has_redirects else ()
    by_itself = () if public else (GrantType.CLIENT_CREDENTIALS,)
    chosen = tuple(dict.fromkeys(wanted)) if wanted is not None else (*by_user, *by_itself)
    if is_resource_server and wanted is None and not has_redirects and not has_scopes and not public:
        # It introspects what was issued for its resources, and obtains nothing.
        chosen = ()
    if public and GrantType.CLIENT_CREDENTIALS in chosen:
        text = "A public client cannot prove itself, so it gets nothing for itself: leave client_credentials out."
        raise InvalidValueError("grant_types", "invalid_grant_type", text)
    if GrantType.REFRESH_TOKEN in chosen and GrantType.AUTHORIZATION_CODE not in chosen:
        text = "A refresh token comes of a code: name authorization_code, too."
        raise InvalidValueError("grant_types", "invalid_grant_type", text)
    if not has_redirects and (public or GrantType.AUTHORIZATION_CODE in chosen):
        text = "Name the redirect URI to which users come back."
        raise InvalidValueError("redirect_uris", "redirect_uri_missing", text)
    if chosen and not has_scopes:
        raise InvalidValueError("scopes", "scope_missing", "Name at least one scope: without any it may do nothing.")
    return chosen


def check_peer_url(url: str, settings: Settings) -> None:
    """
    Check the address of an application that we call.

    Raises:
        InvalidValueError: ``invalid_url`` or ``plain_http``.
        LinkingError: ``self_link``.
    """
    try:
        check_base_url(url, allow_http=_may_be_http(settings))
    except MalformedUrlError as error:
        raise InvalidValueError("url", error.reason, f"{url[:200]!r} is no base URL: {error}.") from error
    if url == settings.base_url:
        raise LinkingError("self_link", peer=url)


def check_display_url(url: str, settings: Settings) -> None:
    """
    Check where browsers go instead of the address of an application; empty: to that address.

    Raises:
        InvalidValueError: ``invalid_url`` or ``plain_http``.
    """
    if not url:
        return
    try:
        check_endpoint_url(url, allow_http=_may_be_http(settings))
    except MalformedUrlError as error:
        text = f"{url[:200]!r} cannot be shown to browsers: {error}."
        raise InvalidValueError("display_url", error.reason, text) from error


def check_issuer(issuer: str, settings: Settings) -> None:
    """
    Check the issuer of a server; its spelling is its own, a final slash included.

    RFC 8414 §2.

    Raises:
        InvalidValueError: ``invalid_issuer`` or ``plain_http``.
        LinkingError: ``self_link``.
    """
    try:
        check_endpoint_url(issuer, allow_http=_may_be_http(settings))
    except MalformedUrlError as error:
        code = "invalid_issuer" if error.reason == "invalid_url" else error.reason
        raise InvalidValueError("issuer", code, f"{issuer[:200]!r} is no issuer: {error}.") from error
    if "?" in issuer:
        raise InvalidValueError("issuer", "invalid_issuer", "An issuer has no query.")
    if issuer.removesuffix("/") == settings.base_url:
        raise LinkingError("self_link", peer=issuer)


def check_endpoints(endpoints: ServerEndpoints, settings: Settings, *, for_users: bool) -> None:
    """
    Check the addresses of a server that an administrator entered; ``for_users``: users connect there.

    Raises:
        InvalidValueError: ``invalid_endpoint`` or ``plain_http``; the field is ``authorization_endpoint``,
            ``token_endpoint``, ``revocation_endpoint`` or ``userinfo_endpoint``.
    """
    needed = {"token_endpoint"} | ({"authorization_endpoint"} if for_users else set())
    named = {
        "authorization_endpoint": endpoints.authorization,
        "token_endpoint": endpoints.token,
        "revocation_endpoint": endpoints.revocation,
        "userinfo_endpoint": endpoints.userinfo,
    }
    for field, url in named.items():
        if not url:
            if field in needed:
                text = f"The server publishes no metadata, so its {field.replace('_', ' ')} is needed."
                raise InvalidValueError(field, "endpoint_missing", text)
            continue
        try:
            check_endpoint_url(url, allow_http=_may_be_http(settings))
        except MalformedUrlError as error:
            code = "invalid_endpoint" if error.reason == "invalid_url" else error.reason
            raise InvalidValueError(field, code, f"{url[:200]!r} cannot be called: {error}.") from error


def check_resource(resource: str, *, field: str) -> None:
    """
    Check the identifier of a resource: an absolute URL without fragment.

    RFC 8707 §2.

    Raises:
        InvalidValueError: ``invalid_resource``.
    """
    try:
        # Nothing is fetched from there: plain http does no harm in a name.
        check_endpoint_url(resource, allow_http=True)
    except MalformedUrlError as error:
        text = f"{resource[:200]!r} is no resource: {error}."
        raise InvalidValueError(field, "invalid_resource", text) from error


def check_own_resource(resource: str, base_url: str) -> None:
    """
    Check the identifier of a resource that a client of ours serves: it lies at or below our base URL.

    Product §3: tokens are issued for no other.

    Raises:
        InvalidValueError: ``invalid_resource``.
    """
    check_resource(resource, field="resources")
    if resource != base_url and not resource.startswith(f"{base_url}/"):
        text = f"A resource lies at or below the address of this application, {base_url}; {resource[:200]} does not."
        raise InvalidValueError("resources", "invalid_resource", text)


def check_client_id(client_id: str) -> None:
    """
    Check the client id that a server gave us.

    RFC 6749 appendix A.1.

    Raises:
        InvalidValueError: ``invalid_client_id``.
    """
    if len(client_id) > LONGEST_CLIENT_ID or not client_id.isascii() or not client_id.isprintable():
        text = f"A client ID has at most {LONGEST_CLIENT_ID} visible ASCII characters."
        raise InvalidValueError("client_id", "invalid_client_id", text)


def check_client_secret(secret: str) -> None:
    """
    Check the client secret that a server gave us.

    RFC 6749 appendix A.2.

    Raises:
        InvalidValueError: ``invalid_client_secret``; the description tells nothing of it.
    """
    if not 1 <= len(secret) <= LONGEST_SECRET or not secret.isascii() or not secret.isprintable():
        text = f"A client secret has 1 to {LONGEST_SECRET} visible ASCII characters."
        raise InvalidValueError("client_secret", "invalid_client_secret", text)


def _may_be_http(settings: Settings) -> bool:
    return bool(settings.allow_http_for_loopback)


def _is_scope(name: str, *, longest: int) -> bool:
    try:
        return len(name) <= longest and parse_scope(name) == (name,)
    except MalformedScopeError:
        return False
