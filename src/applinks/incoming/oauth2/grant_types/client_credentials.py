"""A client gets a token for itself; there is no user and no refresh token."""

from applinks.incoming.oauth2.token_decisions import Decision, Issue, find_refusal, refuse_scope, refuse_target
from applinks.incoming.policy import choose_scopes, list_application_scopes
from applinks.incoming.rules import Rules
from applinks.incoming.store import FoundClient
from applinks.records.clients import GrantType
from applinks.wire.oauth2.messages import ClientCredentials


def decide_client_credentials(asked: ClientCredentials, client: FoundClient, *, rules: Rules) -> Decision:
    """
    Decide about a request of a proved client for itself.

    RFC 6749 §4.4.

    Only scopes that the host declares for applications; perhaps none, and then the token opens what needs none.
    """
    refusal = find_refusal(client, GrantType.CLIENT_CREDENTIALS)
    if refusal is not None:
        return refusal
    resource = rules.find_resource_named(asked.resource)
    if resource is None:
        return refuse_target(asked.resource)
    allowed = list_application_scopes(client.client, client.link, resource, rules)
    scopes = choose_scopes(asked.scopes or (), allowed, resource)
    if scopes is None:
        return refuse_scope(asked.scopes or (), allowed)
    return Issue(client=client.client, user_id=None, resource=resource.identifier, scopes=scopes, shown=scopes)
