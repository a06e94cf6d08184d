"""The failure inbox: what a reference on the wire or on a page means."""

from collections.abc import Sequence

from applinks.administration.actor import Actor, check_may_look
from applinks.administration.side import Administration
from applinks.errors import RefusedError
from applinks.records.failures import Failure


async def list_failures(
    *, limit: int = 50, link_id: str | None = None, actor: Actor, side: Administration
) -> Sequence[Failure]:
    """Give the newest failures, newest first; of one link where its id is named."""
    check_may_look(actor)
    return await side.failures.list(limit, link_id=link_id)


async def show_failure(reference: str, *, actor: Actor, side: Administration) -> Failure:
    """
    Give what a reference stands for.

    Raises:
        RefusedError: ``not_found``: none of that name is kept.
    """
    check_may_look(actor)
    found = await side.failures.find(reference)
    if found is None:
        raise RefusedError(
            "There is no failure of that reference, or it is no longer kept.", code="not_found", status=404
        )
    return found
