"""A key of each algorithm, made anew for each run."""

import base64
import json

from joserfc.jwk import ECKey, OKPKey, RSAKey

from applinks.wire.jose import build_public_jwk

KEYS = {
    "ES256": ECKey.generate_key("P-256", private=True),
    "Ed25519": OKPKey.generate_key("Ed25519", private=True),
    "EdDSA": OKPKey.generate_key("Ed25519", private=True),
    "PS256": RSAKey.generate_key(2048, private=True),
    "RS256": RSAKey.generate_key(2048, private=True),
}
PRIVATE = {name: key.as_dict(private=True) for name, key in KEYS.items()}
PUBLIC = {name: build_public_jwk(PRIVATE[name], algorithm=name) for name in KEYS}


def encode(value):
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
