"""A signed request is proved: which client signed it, and what it showed with it."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass, field

from applinks.errors import RefusedError
from applinks.incoming.oauth1.keys import list_keys
from applinks.incoming.oauth1.problems import (
    WINDOW_SECONDS,
    OAuth1RefusedError,
    get_as_sent,
    refuse_malformed,
    refuse_timestamp,
)
from applinks.incoming.oauth1.store import FoundTemporaryCredentials, FoundTokenCredentials, get_oauth1
from applinks.incoming.side import IncomingSide
from applinks.incoming.store import FoundClient
from applinks.incoming.wrong_proofs import count_wrong_proof
from applinks.secret import Secret, is_same_digest
from applinks.wire.http import Request
from applinks.wire.oauth1.parameters import MalformedSignedRequestError
from applinks.wire.oauth1.problems import Problem
from applinks.wire.oauth1.signature import (
    SharedSecrets,
    SignatureInvalidError,
    SignatureMethod,
    verify_rsa,
    verify_secrets,
)
from applinks.wire.oauth1.signed_request import SignedRequest, parse_signed_request
from applinks.wire.token_format import TokenKind, parse_token

FoundCredentials = FoundTemporaryCredentials | FoundTokenCredentials

# A nonce is kept for as long as a request with its timestamp could pass, and longer for clocks of other processes.
_NONCE_SECONDS = 2 * WINDOW_SECONDS + 60
# A secret that nobody has: what is verified with it costs as much as a real check, and never succeeds.
_STAND_IN_SECRET = Secret("5cpNWVqZdCN1lTnzQTYYzGAVyC9EVQ9MKOn0RrSQ1lk")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedRequest:
    """
    All that a proof looks at.

    Attributes:
        credentials: what the request's token is, if it is one of this client; None: it shows none, or an unknown one.
    """

    signed: SignedRequest
    found: FoundClient
    credentials: FoundCredentials | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedRequest:
    """
    A request whose signature, timestamp and nonce are good; whether it may have what it asks is not decided.

    Attributes:
        credentials: those that it showed and whose secret it knows; None: it showed none, or unknown ones.
    """

    signed: SignedRequest
    found: FoundClient
    credentials: FoundCredentials | None = field(default=None, repr=False)

    @property
    def shows_token(self) -> bool:
        """Whether it named a token at all, known or not."""
        return bool(self.signed.unverified_token)

    def note(self, refusal: RefusedError) -> RefusedError:
        """Note in a refusal whom it concerns."""
        user_id = self.credentials.credentials.user_id if self.credentials is not None else ""
        return refusal.about(link_id=self.found.link.id, client=self.found.client.id, user_id=user_id)


async def verify_signed_request(
    request: Request, *, source: str, side: IncomingSide, signer: FoundClient | None = None
) -> VerifiedRequest:
    """
    Prove who signed a request.

    RFC 5849 §3.2, §3.3.

    The nonce is spent from here on, whatever follows. ``source`` is the address that the request came from: wrong
    signatures are counted by it. ``signer`` is whom it names, if that was looked up just now.

    Raises:
        OAuth1RefusedError: with the problem.
        RefusedError: ``too_many_requests`` after too many wrong signatures.
    """
    loaded = await load_signed_request(request, side, signer)
    if loaded is None:
        raise await _refuse_unknown(request, source, side)
    try:
        check_method(loaded, side.rules.issuer)
        try:
            verify_signature(loaded)
        except SignatureInvalidError:
            await count_wrong_proof(loaded.signed.unverified_client, source, side)
            raise _refuse_signature(loaded) from None
        await _claim_nonce(loaded, side)
    except RefusedError as refusal:
        raise refusal.about(link_id=loaded.found.link.id, client=loaded.found.client.id) from refusal.__cause__
    return VerifiedRequest(signed=loaded.signed, found=loaded.found, credentials=loaded.credentials)


async def load_signed_request(
    request: Request, side: IncomingSide, signer: FoundClient | None = None
) -> LoadedRequest | None:
    """
    Read a signed request and find its client and what its token is; None: the client is unknown.

    Raises:
        OAuth1RefusedError: it cannot be read.
    """
    try:
        signed = parse_signed_request(get_as_sent(request))
    except MalformedSignedRequestError as error:
        raise refuse_malformed(error, now=side.clock.now()) from error
    is_known = signer is not None and signer.client.client_id == signed.unverified_client
    found = signer if is_known else await side.oauth1.find_client(signed.unverified_client)
    if found is None:
        return None
    return LoadedRequest(signed=signed, found=found, credentials=await _find_credentials(signed, found, side))


def check_method(loaded: LoadedRequest, issuer: str) -> None:
    """
    Check that the client may sign in this way.

    RFC 5849 §3.4.4: PLAINTEXT needs TLS. O1-05: a client that has no secret is never verified by one.

    Raises:
        OAuth1RefusedError: ``signature_method_rejected``.
    """
    oauth1, method = get_oauth1(loaded.found.client), loaded.signed.method
    is_safe = method is not SignatureMethod.PLAINTEXT or issuer.startswith("https://")
    secret = oauth1.shared_secret
    has_key = bool(list_keys(loaded.found)) if method.is_rsa else secret is not None and bool(secret.reveal())
    if method not in oauth1.methods or not is_safe or not has_key:
        detail = (
            f"the client {loaded.found.client.client_id} may not use {method.value}, or has no key or secret for it"
        )
        raise OAuth1RefusedError(Problem.SIGNATURE_METHOD_REJECTED, detail=detail)


def verify_signature(loaded: LoadedRequest) -> None:
    """
    Verify the signature.

    RFC 5849 §3.2, §3.4.

    Of a token that is unknown the secret is unknown, too: HMAC cannot tell then whether the client signed, and the
    check costs what it always does.

    Raises:
        SignatureInvalidError: it is another.
        OAuth1RefusedError: ``token_rejected``: the token is none of this client, which a secret would have to know.
    """
    signed = loaded.signed
    if signed.method.is_rsa:
        _verify_by_keys(loaded)
        return
    client_secret = get_oauth1(loaded.found.client).shared_secret or _STAND_IN_SECRET
    credentials = loaded.credentials
    if signed.unverified_token and credentials is None:
        with suppress(SignatureInvalidError):
            secrets = SharedSecrets.join(client_secret, _STAND_IN_SECRET)
            verify_secrets(signed.base_string, signed.method, secrets, signed.signature)
        raise OAuth1RefusedError(Problem.TOKEN_REJECTED, detail="the token is none of this client")
    token_secret = credentials.credentials.secret if credentials is not None else None
    secrets = SharedSecrets.join(client_secret, token_secret)
    verify_secrets(signed.base_string, signed.method, secrets, signed.signature)


def _verify_by_keys(loaded: LoadedRequest) -> None:
    signed = loaded.signed
    *others, last = list_keys(loaded.found)
    for key in others:
        with suppress(SignatureInvalidError):
            return verify_rsa(signed.base_string, signed.method, key, signed.signature)
    return verify_rsa(signed.base_string, signed.method, last, signed.signature)


async def _find_credentials(signed: SignedRequest, found: FoundClient, side: IncomingSide) -> FoundCredentials | None:
    parsed = parse_token(signed.unverified_token or "")
    credentials: FoundCredentials | None = None
    if parsed is not None and parsed.kind is TokenKind.TOKEN_CREDENTIALS:
        credentials = await side.oauth1.find_token_credentials(parsed.row)
    elif parsed is not None and parsed.kind is TokenKind.TEMPORARY_CREDENTIALS:
        credentials = await side.oauth1.find_temporary_credentials(parsed.row)
    if credentials is None or parsed is None or not is_same_digest(credentials.credentials.digest, parsed.digest):
        return None
    return credentials if credentials.credentials.client == found.client.id else None


async def _claim_nonce(loaded: LoadedRequest, side: IncomingSide) -> None:
    """
    Look at the clock on both sides, and spend the nonce.

    RFC 5849 §3.3.

    PLAINTEXT may do without either (§3.1): then TLS alone keeps others from repeating it.
    """
    signed, now = loaded.signed, side.clock.now()
    if signed.timestamp is None:
        return
    if abs(now - signed.timestamp) > WINDOW_SECONDS:
        raise refuse_timestamp(signed.timestamp, now=now)
    parts = (loaded.found.client.id, signed.unverified_token or "", str(signed.timestamp), signed.nonce)
    # None of the four can hold NUL: what comes from the wire was refused with one.
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()
    if not await side.oauth1.claim_nonce(digest, expires_at=signed.timestamp + _NONCE_SECONDS):
        raise OAuth1RefusedError(Problem.NONCE_USED, detail="the nonce was used before with this timestamp")


async def _refuse_unknown(request: Request, source: str, side: IncomingSide) -> OAuth1RefusedError:
    client = parse_signed_request(get_as_sent(request)).unverified_client
    await count_wrong_proof(client, source, side)
    return OAuth1RefusedError(Problem.CONSUMER_KEY_UNKNOWN, detail=f"unknown oauth_consumer_key {client[:200]!r}")


def _refuse_signature(loaded: LoadedRequest) -> OAuth1RefusedError:
    signed = loaded.signed
    return OAuth1RefusedError(
        Problem.SIGNATURE_INVALID,
        detail=f"the signature by {signed.method.value} of the client {loaded.found.client.client_id} is another",
        details=(
            ("oauth_signature_base_string", signed.base_string),
            ("oauth_signature_method", signed.method.value),
        ),
    )
