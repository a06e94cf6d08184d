"""One fetch, as most tests of the transport make it."""

from applinks.fetching.transport import Fetcher
from applinks.wire.http import Request
from tests.fetching.servers import quick_settings, serve


def get(url: str) -> Request:
    return Request(method="GET", url=url)


async def fetch_from(answer, *, private: bool = False, key: str = "lnk", **sizes: float):
    fetcher = Fetcher(quick_settings(**sizes))
    try:
        async with serve(answer) as peer:
            return await fetcher.fetch(get(peer.url("/a?b=c")), private=private, key=key)
    finally:
        await fetcher.aclose()
