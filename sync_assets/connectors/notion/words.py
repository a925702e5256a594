"""What we read of Notion's rich text, files and people.

https://developers.notion.com/reference/rich-text
"""

from pydantic import BaseModel, ConfigDict


class Payload(BaseModel):
    """Base: unknown fields are ignored, for vendors add some every week."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Person(Payload):
    """Somebody, often by id alone; a group too."""

    id: str
    name: str | None = None


class Reference(Payload):
    """A page or database, by id."""

    id: str


class Date(Payload):
    """A day or moment, or a span of them."""

    start: str
    end: str | None = None

    @property
    def shown(self) -> str:
        """As text."""
        return f"{self.start} → {self.end}" if self.end else self.start


class Address(Payload):
    """Something on the web."""

    url: str | None = None
    href: str | None = None


class Annotations(Payload):
    """How a run of text looks; colours and underlines mean nothing to us."""

    bold: bool = False
    italic: bool = False
    strikethrough: bool = False
    code: bool = False


class Mention(Payload):
    """What a run of text names."""

    type: str
    user: Person | None = None
    page: Reference | None = None
    database: Reference | None = None
    date: Date | None = None
    link_preview: Address | None = None
    link_mention: Address | None = None


class Expression(Payload):
    """A formula in TeX."""

    expression: str = ""


class RichText(Payload):
    """A run of text."""

    type: str
    plain_text: str = ""
    href: str | None = None
    annotations: Annotations = Annotations()
    mention: Mention | None = None
    equation: Expression | None = None


class File(Payload):
    """A file of Notion's own (`file`, its address signed) or elsewhere (`external`)."""

    name: str = ""
    file: Address | None = None
    external: Address | None = None
