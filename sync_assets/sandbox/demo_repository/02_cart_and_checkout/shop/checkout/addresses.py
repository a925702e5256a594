"""Delivery addresses."""

import re
from dataclasses import dataclass

POSTCODE = {"DE": r"\d{5}", "AT": r"\d{4}", "NL": r"\d{4} ?[A-Z]{2}", "FR": r"\d{5}"}


@dataclass(frozen=True)
class Address:
    name: str
    street: str
    postcode: str
    city: str
    country: str


def address_problems(address: Address) -> list[str]:
    """What a customer must mend before we can send a parcel; empty if all is well."""
    problems: list[str] = []
    if address.country not in POSTCODE:
        return [f"We do not deliver to {address.country} yet."]
    if not re.fullmatch(POSTCODE[address.country], address.postcode):
        problems.append("This postcode does not look right.")
    if not re.search(r"\d", address.street):
        problems.append("The house number seems to be missing.")
    return problems


def parcel_label(address: Address) -> str:
    """The address as the carrier prints it."""
    place = f"{address.postcode} {address.city}"
    return "\n".join([address.name, address.street, place, address.country])
