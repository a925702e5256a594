"""What we read of properties.

https://developers.notion.com/reference/page-property-values
"""

from sync_assets.connectors.notion.words import Date, File, Payload, Person, Reference, RichText


class Named(Payload):
    """An option that was chosen."""

    name: str


class Formula(Payload):
    """What a formula gives."""

    type: str
    string: str | None = None
    number: float | int | None = None
    boolean: bool | None = None
    date: Date | None = None


class UniqueId(Payload):
    """A number with the table's prefix."""

    prefix: str | None = None
    number: int | None = None


class Verification(Payload):
    """Whether somebody stands by the page."""

    state: str
    verified_by: Person | None = None
    date: Date | None = None


class Place(Payload):
    """Somewhere on earth."""

    name: str | None = None
    address: str | None = None
    lat: float | None = None
    lon: float | None = None


class Value(Payload):
    """A property's value of whichever type; the others are None."""

    type: str
    title: list[RichText] | None = None
    rich_text: list[RichText] | None = None
    number: float | int | None = None
    select: Named | None = None
    multi_select: list[Named] | None = None
    status: Named | None = None
    date: Date | None = None
    people: list[Person] | None = None
    files: list[File] | None = None
    checkbox: bool | None = None
    url: str | None = None
    email: str | None = None
    phone_number: str | None = None
    formula: Formula | None = None
    relation: list[Reference] | None = None
    created_time: str | None = None
    created_by: Person | None = None
    last_edited_time: str | None = None
    last_edited_by: Person | None = None
    unique_id: UniqueId | None = None
    verification: Verification | None = None
    place: Place | None = None


class Rollup(Payload):
    """What the pages of a relation say together."""

    type: str
    number: float | int | None = None
    date: Date | None = None
    array: list[Value] | None = None


class Property(Value):
    """A property of a page."""

    id: str
    has_more: bool = False
    rollup: Rollup | None = None


class PropertyItem(Payload):
    """One of many that a property has."""

    type: str
    title: RichText | None = None
    rich_text: RichText | None = None
    people: Person | None = None
    relation: Reference | None = None
