"""What proves a call to the peer: a bearer token, or a signature."""

import re
from typing import Protocol

from applinks.errors import UnsafeCallError
from applinks.fetching.transport import HttpRequest, HttpResponse, is_replayable
from applinks.outgoing.oauth1.problems import TOKEN_PROBLEMS, USER_PROBLEMS, build_problem_error, find_problem
from applinks.outgoing.oauth1.signed_request import EMPTY_CREDENTIALS, Freshness, HeldCredentials, sign_as
from applinks.outgoing.servers import OAuth1Server, build_freshness
from applinks.outgoing.side import OutgoingSide
from applinks.records.connections import Connection
from applinks.secret import Secret
from applinks.wire.headers import parse_content_type
from applinks.wire.http import Request
from applinks.wire.oauth1.encoding import encode, encode_form
from applinks.wire.oauth1.parameters import FORM, OLDER_REQUESTOR, PREFIX, REQUESTOR
from applinks.wire.oauth1.problems import ProblemReport

# Two steps instead of one pattern: a peer that repeats the first word would make the search quadratic.
_BEARER = re.compile(r"(?i)\bbearer\b")
_INVALID_TOKEN = re.compile(r"(?i)\berror\s*=\s*\"?invalid_token\b")
# A problem fits into it; what is longer is an answer of the application.
_LONGEST_PROBLEM = 4096


class Proof(Protocol):
    """Proves one call, and knows an answer that refuses it."""

    @property
    def connection(self) -> Connection | None:
        """The stored credentials that it shows; None: we call without any."""
        ...

    def add_to(self, request: HttpRequest) -> None:
        """
        Put the proof into a request.

        Raises:
            UnsafeCallError: the request says itself what only the proof may say.
        """
        ...

    def is_refused(self, response: HttpResponse) -> bool:
        """Whether an answer, by its head, says that the credentials are not good (any more)."""
        ...

    def check_answer(self, response: HttpResponse) -> None:
        """
        Check that an answer is one of the application.

        Raises:
            PeerRefusedError: it is the server's, which refused us for how the link is set up.
        """
        ...


class BearerProof:
    """An access token."""

    def __init__(self, connection: Connection) -> None:
        """Show the token of a connection."""
        self.connection = connection

    def add_to(self, request: HttpRequest) -> None:
        """Put the token into the header."""
        request.headers["Authorization"] = f"Bearer {self.connection.access_token.reveal()}"

    def is_refused(self, response: HttpResponse) -> bool:
        """Whether the answer says ``invalid_token``; RFC 6750 §3.1."""
        if response.status_code != 401:
            return False
        challenge = ", ".join(response.headers.get_list("www-authenticate"))
        scheme = _BEARER.search(challenge)
        return scheme is not None and _INVALID_TOKEN.search(challenge, scheme.end()) is not None

    def check_answer(self, response: HttpResponse) -> None:
        """Take every answer."""


class SignatureProof:
    """A signature of OAuth 1.0a over the request: with a user's token, or with two legs."""

    def __init__(
        self,
        server: OAuth1Server,
        *,
        side: OutgoingSide,
        connection: Connection | None = None,
        requestor: str = "",
        may_name_users: bool = False,
    ) -> None:
        """
        Sign as ourselves.

        ``connection`` holds the token; without one, ``requestor`` is the user whom we name. ``may_name_users``: of a
        call in our own name, whether the peer would take its query for one that names a user.
        """
        self.connection = connection
        self._own = server.own
        self._held = _get_held(connection, server)
        self._requestor = requestor
        self._may_name_users = may_name_users
        self._side = side
        self._signed: tuple[Request, Freshness] | None = None

    def add_to(self, request: HttpRequest) -> None:
        """
        Sign the request, with its query and its form.

        RFC 5849 §3.4.1.3.1, §3.5.1.
        """
        form = _find_form(request)
        query = request.url.query.decode("ascii")
        _check_names(query, form)
        if self._may_name_users:
            _check_names_nobody(query)
        if self._requestor:
            _name_requestor(request, self._requestor)
        headers = (("Content-Type", FORM),) if form else ()
        asked = Request(method=request.method, url=str(request.url), headers=headers, body=form)
        freshness = build_freshness(self._side)
        signed = sign_as(self._own, asked, freshness, held=self._held)
        _, request.headers["Authorization"] = signed.headers[-1]
        self._signed = signed, freshness

    def is_refused(self, response: HttpResponse) -> bool:
        """Whether the answer says that the token is not good (any more)."""
        if self.connection is None or response.status_code != 401:
            return False
        report = _find_report(response)
        return report is not None and report.problem in TOKEN_PROBLEMS

    def check_answer(self, response: HttpResponse) -> None:
        """Give up an answer that refuses our signature, our key or our clock."""
        if response.status_code not in {400, 401} or self._signed is None:
            return
        report = _find_report(response)
        if report is None or report.problem in USER_PROBLEMS:
            return
        asked, freshness = self._signed
        said = f"{asked.url.partition('?')[0]} answered {response.status_code}"
        raise build_problem_error(report, said=said, asked=asked, freshness=freshness)


def _get_held(connection: Connection | None, server: OAuth1Server) -> HeldCredentials | None:
    if connection is None:
        return EMPTY_CREDENTIALS if server.wants_token else None
    return HeldCredentials(token=connection.access_token, secret=connection.token_secret or Secret(""))


def _find_form(request: HttpRequest) -> bytes:
    """Give the body where it takes part in the signature: a form that is at hand as a whole."""
    if parse_content_type(request.headers.get("content-type")) != FORM:
        return b""
    if not is_replayable(request):
        raise UnsafeCallError("A form that is streamed cannot be signed: give it as data.")
    return request.content


def _check_names(query: str, form: bytes) -> None:
    """What the signer says of itself, and for whom it calls, is not said by whoever fills in a form of the host."""
    for text in (query, form.decode("latin-1")):
        if PREFIX not in text and "%" not in text:
            continue
        for name, _ in encode_form(text):
            if name.startswith(PREFIX) or name == REQUESTOR:
                raise UnsafeCallError(f"The parameter {name[:40]} is the connection's own.")


def _check_names_nobody(query: str) -> None:
    """A value that a host passes on does not choose as whom a call in our own name is made."""
    if any(name == OLDER_REQUESTOR for name, _ in encode_form(query)):
        raise UnsafeCallError(f"The parameter {OLDER_REQUESTOR} would name the user as whom the call is made.")


def _name_requestor(request: HttpRequest, requestor: str) -> None:
    target = request.url.raw_path
    joint = b"&" if b"?" in target else b"?"
    named = b"%s%s%s=%s" % (target, joint, REQUESTOR.encode("ascii"), encode(requestor).encode("ascii"))
    request.url = request.url.copy_with(raw_path=named)


def _find_report(response: HttpResponse) -> ProblemReport | None:
    """Read the problem in the challenges, or else in a body that was read already."""
    is_read = response.is_stream_consumed and len(response.content) <= _LONGEST_PROBLEM
    return find_problem(response.headers.get_list("www-authenticate"), response.content if is_read else b"")
