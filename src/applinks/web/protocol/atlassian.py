"""
Our addresses where Data Center applications look for a peer: its documents, its set-up over REST, and its pages' doors.

Whoever changes something here is one of our administrators, in whose name the peer calls over OAuth 1.0a.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar
from urllib.parse import quote, unquote, urlsplit

import msgspec

from applinks.administration.actor import Actor
from applinks.administration.atlassian.applications import (
    add_application,
    list_applications,
    set_consumer,
    set_provider,
)
from applinks.administration.atlassian.naming import get_named_link
from applinks.administration.atlassian.status import (
    describe_application,
    describe_status,
    get_oauth_status,
    set_oauth_status,
)
from applinks.administration.side import Administration
from applinks.errors import RefusedError
from applinks.incoming.authentication import authenticate
from applinks.incoming.oauth1.problems import OAuth1RefusedError
from applinks.incoming.oauth1.signed_request import verify_signed_request
from applinks.incoming.side import IncomingSide
from applinks.linking.discovery.addresses import check_private
from applinks.linking.discovery.atlassian import find_atlassian_application
from applinks.linking.documents import (
    OAUTH1_AUTHORIZE_PATH,
    build_own_atlassian_manifest,
    build_own_consumer_info,
)
from applinks.linking.errors import LinkingError
from applinks.linking.side import LinkingSide
from applinks.outgoing.side import CALLBACK_PATH
from applinks.records.links import Link
from applinks.records.scopes import ADMIN_SCOPE
from applinks.web.protocol.routes import Endpoint, build_json_answer
from applinks.wire.atlassian.addresses import AUTHORIZE_PATH, LOGIN_DANCE_PATH
from applinks.wire.atlassian.capabilities import STATUS_API
from applinks.wire.atlassian.consumer_info import CONSUMER_INFO_PATH, ConsumerInfo, format_consumer_info
from applinks.wire.atlassian.manifest import build_manifest_json, format_manifest_xml
from applinks.wire.atlassian.status import (
    MalformedStatusError,
    build_link_status,
    parse_application_link,
    parse_consumer_configuration,
    parse_link_status,
    parse_provider_configuration,
)
from applinks.wire.forms import collect_form
from applinks.wire.http import Headers, Request, Response
from applinks.wire.oauth1.parameters import is_signed
from applinks.wire.oauth1.problems import Problem
from applinks.wire.urls import is_local_path

T = TypeVar("T")
Handle = Callable[[Request, Link, Actor], Awaitable[Response]]

VERSIONS = ("1.0", "2.0", "3.0", "latest")
CONNECT_PATH = "/applinks/connect/"

_REST = "/rest/applinks/"
_CONSUMER_VERSIONS = ("1.0", "latest")
_CAPABILITIES = (STATUS_API,)
_NO_STORE = "no-store"
_XML = "application/xml;charset=UTF-8"
_STATUS = {"unknown_link": 404, "duplicate_link": 409, "busy": 409, "unsupported_terms": 409, "not_administrator": 401}


def build_atlassian_endpoints(
    *, incoming: IncomingSide, linking: LinkingSide, administration: Administration
) -> Mapping[str, Endpoint]:
    """Give what stands where Data Center clients and peers look; nothing where we do not speak OAuth 1.0a."""
    if "oauth1" not in linking.settings.protocols:
        return {}
    peers = _Peers(incoming, linking, administration)
    manifest = Endpoint("GET", "atlassian-manifest", peers.answer_manifest)
    found = {CONSUMER_INFO_PATH: Endpoint("GET", "consumer-info", peers.answer_consumer_info)}
    for version in VERSIONS:
        root = _REST + version
        found |= {
            f"{root}/manifest": manifest,
            f"{root}/manifest.json": manifest,
            f"{root}/capabilities": Endpoint("GET", "capabilities", peers.answer_capabilities),
            f"{root}/capabilities/{{name}}": Endpoint("GET", "capabilities", peers.answer_capability),
            f"{root}/status/{{id}}": Endpoint("GET", "status", peers.answer_status),
            f"{root}/status/{{id}}/oauth": Endpoint(("GET", "PUT"), "status", peers.answer_oauth_status),
            f"{root}/applicationlink": Endpoint(("GET", "PUT"), "applicationlink", peers.answer_applications),
            f"{root}/applicationlink/{{id}}/authentication/provider": Endpoint(
                "PUT", "authentication", peers.answer_provider
            ),
        }
    for version in _CONSUMER_VERSIONS:
        path = f"/rest/applinks-oauth/{version}/applicationlink/{{id}}/authentication/consumer"
        found[path] = Endpoint("PUT", "authentication", peers.answer_consumer)
    return found | _build_doors(peers)


def _build_doors(peers: "_Peers") -> dict[str, Endpoint]:
    """Give the addresses that lead a browser to our own pages, at which people answer."""
    return {
        AUTHORIZE_PATH: Endpoint(("GET", "POST"), "authorize", peers.lead_to_authorize),
        LOGIN_DANCE_PATH + "authorize": Endpoint(("GET", "POST"), "connect", peers.lead_to_connect),
        LOGIN_DANCE_PATH + "access": Endpoint(("GET", "POST"), "callback", peers.lead_to_callback),
    }


class _Peers:
    """Answers Data Center applications; each method is one endpoint."""

    def __init__(self, incoming: IncomingSide, linking: LinkingSide, administration: Administration) -> None:
        self._incoming = incoming
        self._linking = linking
        self._administration = administration
        self._settings = linking.settings

    async def answer_manifest(self, request: Request, source: str) -> Response:
        """Anybody may read it; a signed request is how a peer tests whether the two sides fit."""
        await self._check_signature(request, source)
        manifest = await build_own_atlassian_manifest(self._linking)
        varies = (("Vary", "Accept"),)
        if _wants_json(request):
            return build_json_answer(build_manifest_json(manifest), cache=_NO_STORE, headers=varies)
        return _build_xml_answer(format_manifest_xml(manifest), headers=varies)

    async def answer_consumer_info(self, _request: Request, _source: str) -> Response:
        """Who we are when we call a peer."""
        return _build_xml_answer(format_consumer_info(await build_own_consumer_info(self._linking)))

    async def answer_capabilities(self, _request: Request, _source: str) -> Response:
        """What we can do besides."""
        return _build_list_answer(_CAPABILITIES)

    async def answer_capability(self, request: Request, _source: str) -> Response:
        """Whether we can do one thing."""
        name = self._read_segment(request, after="capabilities")
        if name not in _CAPABILITIES:
            raise RefusedError("There is no such capability.", code="not_found", status=404)
        return _build_list_answer((name,))

    async def answer_oauth_status(self, request: Request, source: str) -> Response:
        """How a link is set up here, which the peer may read, and change for an administrator."""
        if request.method == "PUT":
            return await self._change(request, source, self._put_oauth_status, after="status")
        link = await get_named_link(self._read_segment(request, after="status"), side=self._administration)
        status = await get_oauth_status(link, side=self._administration)
        return build_json_answer(build_link_status(status), cache=_NO_STORE)

    async def answer_status(self, request: Request, source: str) -> Response:
        """Whether a link works, for an administrator."""

        async def answer(_request: Request, link: Link, _actor: Actor) -> Response:
            document = await describe_status(link, side=self._administration)
            return build_json_answer(document, cache=_NO_STORE)

        return await self._change(request, source, answer, after="status")

    async def answer_applications(self, request: Request, source: str) -> Response:
        """The applications that are linked; another one is added."""
        _link, actor = await self._get_administrator(request, source)
        if request.method == "PUT":
            with_entity = _read(parse_application_link, request)
            link = await self._try(add_application(with_entity, actor=actor, side=self._administration))
            return self._build_created(link)
        links = await list_applications(actor=actor, side=self._administration)
        document = {"applicationLinks": [describe_application(link) for link in links]}
        return build_json_answer(document, cache=_NO_STORE)

    async def answer_provider(self, request: Request, source: str) -> Response:
        """How the peer wants to be called."""

        async def answer(request: Request, link: Link, actor: Actor) -> Response:
            provider = _read(parse_provider_configuration, request)
            after = await set_provider(link, provider, actor=actor, side=self._administration)
            return self._build_created(after, "/authentication/provider")

        return await self._change(request, source, answer, after="applicationlink")

    async def answer_consumer(self, request: Request, source: str) -> Response:
        """By which consumer the peer calls us, or we are to call it."""

        async def answer(request: Request, link: Link, actor: Actor) -> Response:
            consumer = _read(parse_consumer_configuration, request)
            finds = _get_parameter(request, "autoConfigure") == "true" and not consumer.outgoing
            found = await self._find_consumer(link) if finds and not consumer.public_key else None
            after = await set_consumer(link, consumer, found=found, actor=actor, side=self._administration)
            return self._build_created(after, "/authentication/consumer")

        return await self._change(request, source, answer, after="applicationlink")

    async def lead_to_authorize(self, request: Request, _source: str) -> Response:
        """Lead a user to the page on which she allows a client what it asks."""
        return self._build_redirect(request, OAUTH1_AUTHORIZE_PATH, _get_query(request))

    async def lead_to_connect(self, request: Request, _source: str) -> Response:
        """Lead a user to where she connects her account at a peer; what she goes back to has to be ours."""
        link = await get_named_link(_get_parameter(request, "applicationLinkID"), side=self._administration)
        back = _get_parameter(request, "redirectUrl")
        query = f"return_to={quote(self._get_own_path(back), safe='')}" if back else ""
        return self._build_redirect(request, CONNECT_PATH + link.id, query)

    async def lead_to_callback(self, request: Request, _source: str) -> Response:
        """Lead a user who comes back from a peer to where her connection is made."""
        link = await get_named_link(_get_parameter(request, "applicationLinkID"), side=self._administration)
        return self._build_redirect(request, CALLBACK_PATH + link.id, _get_query(request))

    async def _put_oauth_status(self, request: Request, link: Link, actor: Actor) -> Response:
        wanted = _read(parse_link_status, request)
        await set_oauth_status(link, wanted, actor=actor, side=self._administration)
        return Response(status=204, headers=(("Cache-Control", _NO_STORE),))

    async def _change(self, request: Request, source: str, handle: Handle, *, after: str) -> Response:
        """Let an administrator do something with the link that the address names."""
        called_by, actor = await self._get_administrator(request, source)
        name = self._read_segment(request, after=after)
        link = await get_named_link(name, called_by=called_by, side=self._administration)
        return await self._try(handle(request, link, actor))

    async def _try(self, doing: Awaitable[T]) -> T:
        try:
            return await doing
        except LinkingError as error:
            error.status = _STATUS.get(error.code, error.status)
            raise

    async def _get_administrator(self, request: Request, source: str) -> tuple[Link, Actor]:
        """
        Give the link over which an administrator of ours calls, and whom the audit names.

        Raises:
            OAuth1RefusedError: ``permission_denied``: anybody else.
        """
        caller = await authenticate(request, source=source, side=self._incoming)
        if caller is None:
            raise OAuth1RefusedError(Problem.PERMISSION_DENIED, detail="the request carries no credentials of ours")
        user = caller.user
        is_allowed = caller.protocol == "oauth1" and ADMIN_SCOPE in caller.scopes
        if not is_allowed or user is None or not user.is_administrator:
            detail = f"over the link {caller.link.handle}, without {ADMIN_SCOPE} or not as an administrator"
            refusal = OAuth1RefusedError(Problem.PERMISSION_DENIED, detail=detail)
            raise refusal.about(
                link_id=caller.link.id, client=caller.client.id, user_id=user.id if user is not None else ""
            )
        return caller.link, Actor.for_user(user)

    async def _check_signature(self, request: Request, source: str) -> None:
        if not is_signed(request):
            return
        verified = await verify_signed_request(request, source=source, side=self._incoming)
        if verified.shows_token and verified.credentials is None:
            raise verified.note(OAuth1RefusedError(Problem.TOKEN_REJECTED, detail="the token is none of this client"))

    async def _find_consumer(self, link: Link) -> ConsumerInfo:
        """Read who the peer is where an administrator of ours said that it lives, and nowhere else."""
        url = link.peer.url
        # A peer may have named the address: as its own number, too, it is private until an administrator says so here.
        await check_private(url, is_meant=link.may_be_private(url), side=self._linking)
        found = await find_atlassian_application(url, private_confirmed=link.peer.private_origins, side=self._linking)
        if found is None or found.url != url or found.consumer is None:
            text = "The other application does not say by which consumer it calls."
            raise RefusedError(text, code="client_missing", detail=f"asked at {url}", status=409)
        return found.consumer

    def _read_segment(self, request: Request, *, after: str) -> str:
        """Give the decoded segment of the path that follows this one."""
        segments = request.url.partition("?")[0].removeprefix(self._settings.base_url).split("/")
        return unquote(segments[segments.index(after) + 1])

    def _get_own_path(self, url: str) -> str:
        base_url = self._settings.base_url
        path = urlsplit(base_url).path + url.removeprefix(base_url)
        is_ours = url == base_url or url.startswith((f"{base_url}/", f"{base_url}?"))
        if not is_ours or not is_local_path(path or "/"):
            detail = f"redirectUrl is {url[:200]!r}"
            raise RefusedError("redirectUrl has to be an address of this application.", detail=detail)
        return path or "/"

    def _build_created(self, link: Link, below: str = "") -> Response:
        href = self._settings.url(f"{_REST}3.0/applicationlink/{link.id}{below}")
        document = {"resources-created": [{"href": href}]}
        return build_json_answer(document, cache=_NO_STORE, status=201, headers=(("Location", href),))

    def _build_redirect(self, request: Request, path: str, query: str) -> Response:
        """Lead on with the same method: what a form sends goes to one of our own pages, which look after themselves."""
        # A query may hold any byte, an address may not; escaped, each means the same.
        query = quote(query.encode("latin-1"), safe="/:?@!$&'()*+,;=~%")
        location = self._settings.url(path) + (f"?{query}" if query else "")
        headers = (
            ("Location", location),
            ("Cache-Control", _NO_STORE),
            ("Referrer-Policy", "no-referrer"),
        )
        return Response(status=307 if request.method == "POST" else 303, headers=headers)


def _read(parse: Callable[[bytes], T], request: Request) -> T:
    try:
        return parse(request.body)
    except MalformedStatusError as error:
        raise RefusedError("The body is not what this call needs.", detail=str(error)) from error


def _wants_json(request: Request) -> bool:
    """Whether JSON was asked for by name, and not after XML; peers ask for XML by asking for nothing."""
    if request.url.partition("?")[0].endswith(".json"):
        return True
    wanted: dict[str, float] = {}
    for part in (request.header("accept") or "").split(","):
        kind, *parameters = (each.strip().lower() for each in part.split(";"))
        wanted.setdefault(kind, next((_read_weight(each) for each in parameters if each.startswith("q=")), 1.0))
    json = wanted.get("application/json", 0.0)
    xml = max(wanted.get("application/xml", 0.0), wanted.get("text/xml", 0.0))
    return json > xml


def _read_weight(parameter: str) -> float:
    try:
        return float(parameter.removeprefix("q="))
    except ValueError:
        return 0.0


def _get_query(request: Request) -> str:
    return request.url.partition("?")[2]


def _get_parameter(request: Request, name: str) -> str:
    return collect_form(_get_query(request)).get(name) or ""


def _build_xml_answer(body: bytes, *, headers: Headers = ()) -> Response:
    own = (("Content-Type", _XML), ("Cache-Control", _NO_STORE), ("X-Content-Type-Options", "nosniff"))
    return Response(status=200, headers=(*own, *headers), body=body)


def _build_list_answer(names: tuple[str, ...]) -> Response:
    headers = (
        ("Content-Type", "application/json"),
        ("Cache-Control", _NO_STORE),
        ("X-Content-Type-Options", "nosniff"),
    )
    return Response(status=200, headers=headers, body=msgspec.json.encode(names))
