"""What verifying a JWT costs beside its signature; it needs no server."""

import json
import statistics
import time
from collections.abc import Callable

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from joserfc.jwk import ECKey, RSAKey

from applinks.wire.jose import build_public_jwk, parse_jwt, sign_jwt, verify_jwt
from bench.findings import Goal, Report, Table
from bench.rounds import Effort, interleave

_GOAL = Goal(target=30, moonshot=10, is_most=True, unit="µs")
_TYP = frozenset({"JWT"})
_COUNT = 2000


def measure_jwt(effort: Effort, report: Report) -> None:
    """Read and verify a JWT, against the bare check of its signature."""
    rows = []
    for algorithm in ("ES256", "RS256"):
        whole, bare = _build_checks(algorithm)
        count = 20 if effort.is_smoke else _COUNT
        found = interleave({"whole": _time(whole, count), "bare": _time(bare, count)}, effort)
        extra = statistics.median(mine - other for mine, other in zip(found["whole"], found["bare"], strict=True))
        rows.append(
            (algorithm, *(f"{statistics.median(found[name]):.1f}" for name in ("whole", "bare")), f"{extra:.1f}")
        )
        report.add(f"JWT verify, {algorithm}: on top of the bare signature", extra, _GOAL)
    report.tables.append(
        Table(
            title="Verifying a JWT",
            head=("algorithm", "read and verify, µs", "bare signature, µs", "on top, µs"),
            rows=rows,
        )
    )


def _time(check: Callable[[], object], count: int) -> Callable[[], float]:
    def run() -> float:
        # The processor's time: nothing else takes part.
        begun = time.process_time()
        for _ in range(count):
            check()
        return (time.process_time() - begun) / count * 1e6

    return run


def _build_checks(algorithm: str) -> tuple[Callable[[], object], Callable[[], object]]:
    """Give the whole check of a JWT, and the bare one of its signature."""
    key: ECKey | RSAKey = ECKey.generate_key("P-256") if algorithm == "ES256" else RSAKey.generate_key(2048)
    private = json.loads(json.dumps(key.as_dict(private=True)))
    public = build_public_jwk(private, algorithm=algorithm)
    claims = {"iss": "https://a.example", "sub": "a", "aud": "https://b.example", "iat": 1, "exp": 2, "jti": "x" * 22}
    text = sign_jwt(claims, typ="JWT", private_key=private, algorithm=algorithm, kid=public["kid"])
    signature, signed = parse_jwt(text, limit=8192, typ=_TYP).signature, text.rpartition(".")[0].encode()
    raw = key.get_op_key("verify")
    if isinstance(raw, ec.EllipticCurvePublicKey):
        half = len(signature) // 2
        numbers = encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))
        return _verify_with(text, public), lambda: raw.verify(numbers, signed, ec.ECDSA(hashes.SHA256()))
    assert isinstance(raw, rsa.RSAPublicKey)
    return _verify_with(text, public), lambda: raw.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())


def _verify_with(text: str, public: dict[str, str]) -> Callable[[], object]:
    return lambda: verify_jwt(parse_jwt(text, limit=8192, typ=_TYP), (public,))
