"""The servers that are compared, each started as its makers say; one module a server."""

import os
import secrets
from pathlib import Path

PEERS = Path(__file__).parents[1] / "peers"
# Where servers in Python find what is in bench/peers, and whatever this process finds.
PYTHON_PATH = os.pathsep.join(filter(None, [str(PEERS.parents[1]), os.environ.get("PYTHONPATH", "")]))
CLIENT_ID = "bench"
# As long as ours, so that nobody compares less.
CLIENT_SECRET = secrets.token_urlsafe(32)
USER = "alicia"
PASSWORD = secrets.token_urlsafe(12)
SCOPE = "read"
