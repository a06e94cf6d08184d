"""What administrators note of a client and of a server of OAuth 1.0a."""

import pytest

from applinks.administration.by_hand import add_link, add_outgoing, change_by_hand
from applinks.administration.hand_values import LinkChange, NewLink, OAuth1ClientChange
from applinks.administration.oauth1_clients import change_oauth1_client
from applinks.administration.values import InvalidValueError, tidy_description
from tests.administration.hand import ADMIN, URL
from tests.administration.oauth1 import KEY, add, new_outgoing
from tests.linking.world import World

pytestmark = pytest.mark.anyio


async def test_a_client_has_one_and_keeps_it_until_it_is_changed(both: World) -> None:
    """Atlassian wire, What an administrator enters: incoming, description."""
    side = both.a.administration
    added = await add(both.a, description=" The old board; ask operations ")
    assert added.client.oauth1 is not None
    assert added.client.oauth1.description == "The old board; ask operations"
    renamed = await change_oauth1_client(KEY, OAuth1ClientChange(name="Board"), actor=ADMIN, side=side)
    assert renamed.client.oauth1 is not None
    assert renamed.client.oauth1.description == "The old board; ask operations"
    emptied = await change_oauth1_client(KEY, OAuth1ClientChange(description=""), actor=ADMIN, side=side)
    assert emptied.client.oauth1 is not None
    assert emptied.client.oauth1.description == ""


async def test_a_server_has_one_and_the_audit_says_when_it_changes(both: World) -> None:
    """Atlassian wire, What an administrator enters: outgoing, description."""
    side = both.a.administration
    outgoing = new_outgoing(description="Our cloud")
    added = await add_link(NewLink(name="Board", url=URL, outgoing=outgoing), actor=ADMIN, side=side)
    assert added.link.peer.description == "Our cloud"
    renamed = await change_by_hand(added.link.id, LinkChange(name="Wall"), actor=ADMIN, side=side)
    assert renamed.peer.description == "Our cloud"
    changed = await change_by_hand(added.link.id, LinkChange(description="Theirs"), actor=ADMIN, side=side)
    assert changed.peer.description == "Theirs"
    assert (await both.a.storage.linking.find_link(added.link.id)) == changed
    events = await both.a.storage.audit.list(limit=100)
    said = [each.detail["description"] for each in events if each.action == "link.shown_otherwise"]
    assert said == ["Theirs"]


async def test_a_server_that_is_called_later_has_one_too(both: World) -> None:
    """Atlassian wire, What an administrator enters: outgoing, description."""
    side = both.a.administration
    added = await add(both.a)
    new = new_outgoing(description="Our cloud")
    assert (
        await add_outgoing(added.link.id, new, url=URL, actor=ADMIN, side=side)
    ).link.peer.description == "Our cloud"


@pytest.mark.parametrize("text", ["x" * 201, "two\nlines", "no\u200bwidth"])
async def test_it_is_one_line_that_can_be_shown(both: World, text: str) -> None:
    """Ours: at most 200 characters."""
    side = both.a.administration
    for build in (
        lambda: add(both.a, description=text),
        lambda: add_link(
            NewLink(name="Board", url=URL, outgoing=new_outgoing(description=text)), actor=ADMIN, side=side
        ),
    ):
        with pytest.raises(InvalidValueError) as refused:
            await build()
        assert (refused.value.field, refused.value.code) == ("description", "invalid_description")
    assert await both.a.storage.linking.list_links() == []


def test_what_an_application_says_of_itself_is_made_to_fit() -> None:
    """Ours: a consumer-info that says much is no reason to refuse it."""
    assert tidy_description("  Jira\n of   the\u200b house ") == "Jira of the house"
    assert tidy_description("x" * 300) == "x" * 200
