"""Who an application is as a consumer: its key, its name and its public key."""

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from applinks.wire.atlassian.xml_document import MalformedXmlError, format_xml_document, parse_xml_document
from applinks.wire.headers import parse_content_type
from applinks.wire.oauth1.keys import MalformedKeyError, format_bare_key, parse_public_key

CONSUMER_INFO_PATH = "/plugins/servlet/oauth/consumer-info"
_LIMIT = 64 * 1024
_LONGEST = 255


class MalformedConsumerInfoError(ValueError):
    """The document is no consumer that we can use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerInfo:
    """What ``consumer-info`` says."""

    key: str
    name: str
    public_key: RSAPublicKey
    description: str = ""


def parse_consumer_info(body: bytes, content_type: str | None) -> ConsumerInfo:
    """
    Read the document.

    Raises:
        MalformedConsumerInfoError: it is no such XML, a member is missing or doubled, or the key is none.
    """
    if parse_content_type(content_type) not in {"application/xml", "text/xml"}:
        raise MalformedConsumerInfoError("the content type is not application/xml")
    try:
        pairs = parse_xml_document(body, root="consumer", limit=_LIMIT)
    except MalformedXmlError as error:
        raise MalformedConsumerInfoError(str(error)) from error
    said = dict(pairs)
    if len(said) != len(pairs):
        raise MalformedConsumerInfoError("a member occurs more than once")
    try:
        public_key = parse_public_key(said.get("publicKey", ""))
    except MalformedKeyError as error:
        raise MalformedConsumerInfoError(f"publicKey: {error}") from error
    return ConsumerInfo(
        key=_get_text(said, "key"),
        name=_get_text(said, "name"),
        public_key=public_key,
        description=said.get("description", ""),
    )


def format_consumer_info(consumer: ConsumerInfo) -> bytes:
    """Write the document."""
    pairs = [("key", consumer.key), ("name", consumer.name), ("publicKey", format_bare_key(consumer.public_key))]
    if consumer.description:
        pairs.append(("description", consumer.description))
    return format_xml_document("consumer", pairs)


def _get_text(said: dict[str, str], name: str) -> str:
    text = said.get(name, "")
    if not text or len(text) > _LONGEST or not text.isprintable():
        raise MalformedConsumerInfoError(f"{name}: missing, too long, or not all can be shown")
    return text
