import pytest

from tests.linking.conftest import both, new_databases
from tests.linking.world import World
from tests.web.protocol.atlassian import RestPeer, open_rest_peer

__all__ = ["both", "new_databases"]


@pytest.fixture
async def peer(both: World) -> RestPeer:
    return await open_rest_peer(both)
