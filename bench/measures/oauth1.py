"""What signing and verifying OAuth 1.0a costs beside oauthlib and authlib; it needs no server of HTTP."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from applinks.wire.oauth1.signature import SignatureMethod
from bench.findings import Goal, Report, Table
from bench.peers.oauth1 import Authlib, Keys, Oauthlib, Own
from bench.peers.oauth1_guard import Whole, open_whole
from bench.rounds import Effort, compute_ratio, interleave

_METHODS = (SignatureMethod.HMAC_SHA1, SignatureMethod.RSA_SHA1)
_OURS, _OAUTHLIB, _AUTHLIB, _BARE = "ours", "oauthlib", "authlib", "the bare call of `cryptography`"
_WHOLE = "ours, with client, link and user looked up and the nonce in SQLite NORMAL"
_VERIFY = {
    (SignatureMethod.HMAC_SHA1, _OAUTHLIB): Goal(target=4, moonshot=6),
    (SignatureMethod.HMAC_SHA1, _AUTHLIB): Goal(target=3, moonshot=4.5),
    (SignatureMethod.RSA_SHA1, _OAUTHLIB): Goal(target=2.5, moonshot=3.5),
    (SignatureMethod.RSA_SHA1, _AUTHLIB): Goal(target=2.5, moonshot=3.5),
}
_SIGN = {
    (SignatureMethod.HMAC_SHA1, _OAUTHLIB): Goal(target=6, moonshot=10),
    (SignatureMethod.RSA_SHA1, _BARE): Goal(target=0.9, moonshot=0.95),
}
_COUNT = 2000
# What parses and checks the private key with each call takes forty milliseconds.
_FEW = 10


def measure_oauth1(folder: Path, effort: Effort, report: Report) -> None:
    """Sign and verify the same request with each library, in turns."""
    keys = Keys()
    with open_whole(folder, keys) as whole:
        for method in _METHODS:
            _measure_verifying(method, whole, effort, report)
    for method in _METHODS:
        _measure_signing(method, keys, effort, report)


def _measure_verifying(method: SignatureMethod, whole: Whole, effort: Effort, report: Report) -> None:
    keys = whole.keys
    ours = Own(method, keys)
    libraries: dict[str, Own | Oauthlib | Authlib] = {
        _OURS: ours,
        _OAUTHLIB: Oauthlib(method, keys),
        _AUTHLIB: Authlib(method, keys),
    }
    # Just now, so that they are within everybody's window for as long as this takes.
    headers = [ours.sign().headers[-1][1] for _ in range(_FEW if effort.is_smoke else _COUNT)]
    contestants = {name: _time_verifying(library, headers) for name, library in libraries.items()}
    contestants[_WHOLE] = _time_whole(whole, method, len(headers))
    key, text = keys.public, headers[0].encode()
    signature = keys.private.sign(text, PKCS1v15(), hashes.SHA1())  # noqa: S303 - the method's own
    if method.is_rsa:
        contestants[_BARE] = _time(
            lambda: key.verify(signature, text, PKCS1v15(), hashes.SHA1()),  # noqa: S303 - the method's own
            len(headers),
        )
    _report("verify", method, interleave(contestants, effort), _VERIFY, report)


def _measure_signing(method: SignatureMethod, keys: Keys, effort: Effort, report: Report) -> None:
    count = _FEW if effort.is_smoke else _COUNT
    few = _FEW if method.is_rsa else count
    contestants = {
        _OURS: _time(Own(method, keys).sign, count),
        _OAUTHLIB: _time(Oauthlib(method, keys).sign, few),
        _AUTHLIB: _time(Authlib(method, keys).sign, few),
    }
    if method.is_rsa:
        private = keys.private
        text = b"GET&" + b"x" * 400
        contestants[_BARE] = _time(
            lambda: private.sign(text, PKCS1v15(), hashes.SHA1()),  # noqa: S303 - the method's own
            count,
        )
    _report("sign", method, interleave(contestants, effort), _SIGN, report)


def _report(
    what: str,
    method: SignatureMethod,
    found: dict[str, list[float]],
    goals: dict[tuple[SignatureMethod, str], Goal],
    report: Report,
) -> None:
    ratios = {name: compute_ratio(rates, found[_OURS]) for name, rates in found.items()}
    rows = [
        (name, f"{statistics.median(rates):,.0f}", f"{compute_ratio(found[_OURS], rates):.2f} ×")
        for name, rates in found.items()
    ]
    note = "With the window of the timestamp and the nonce, in one thread." if what == "verify" else "In one thread."
    title = f"OAuth 1.0a: {what}, {method.value}"
    report.tables.append(Table(title=title, head=("library", "a second", "ours ÷ it"), rows=rows, note=note))
    for (which, name), goal in goals.items():
        if which is method:
            report.add(f"{title}: ours ÷ {name.replace('`', '')}", 1 / ratios[name], goal)


def _time_verifying(library: Own | Oauthlib | Authlib, headers: list[str]) -> Callable[[], float]:
    def run() -> float:
        library.forget()
        begun = time.process_time()
        for header in headers:
            library.verify(header)
        return len(headers) / (time.process_time() - begun)

    return run


def _time_whole(whole: Whole, method: SignatureMethod, count: int) -> Callable[[], float]:
    def run() -> float:
        requests = whole.sign(method, count)
        begun = time.process_time()
        whole.verify(requests)
        return count / (time.process_time() - begun)

    return run


def _time(do: Callable[[], object], count: int) -> Callable[[], float]:
    def run() -> float:
        # The processor's time: nothing else takes part.
        begun = time.process_time()
        for _ in range(count):
            do()
        return count / (time.process_time() - begun)

    return run
