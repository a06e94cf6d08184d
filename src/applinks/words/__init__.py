"""
Every sentence for a person about a state, a finding or a refusal.

Below pages and commands these are codes; here each has its words. Everything goes through gettext; where there is no
catalogue, the English text stands. Nothing that goes over the wire comes from here.
"""

from applinks.words.language import Sentence, gettext, mark, ngettext
from applinks.words.refusals import has_refusal, say_refusal
from applinks.words.servers import say_warning
from applinks.words.states import (
    say_authentication,
    say_check,
    say_client_id,
    say_credentials_refused,
    say_end,
    say_level,
    say_protocol,
    say_rest,
    say_state,
    say_way,
)
from applinks.words.times import say_date, say_remaining, say_when

__all__ = [
    "Sentence",
    "gettext",
    "has_refusal",
    "mark",
    "ngettext",
    "say_authentication",
    "say_check",
    "say_client_id",
    "say_credentials_refused",
    "say_date",
    "say_end",
    "say_level",
    "say_protocol",
    "say_refusal",
    "say_remaining",
    "say_rest",
    "say_state",
    "say_warning",
    "say_way",
    "say_when",
]
