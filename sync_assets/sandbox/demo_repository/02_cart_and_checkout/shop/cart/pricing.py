"""What a cart costs: prices, discount codes, value added tax."""

from dataclasses import dataclass

from shop.money import Money

VAT_PERCENT = {"DE": 19, "AT": 20, "NL": 21, "FR": 20}


@dataclass(frozen=True)
class DiscountCode:
    """A code that customers type in. Codes do not add up: the best one wins."""

    code: str
    percent: int
    minimum_cents: int = 0


def subtotal(prices: list[tuple[Money, int]]) -> Money:
    """The sum of price times quantity, before any discount."""
    total = Money(0)
    for price, quantity in prices:
        total = total + price.times(quantity)
    return total


def best_discount(amount: Money, codes: list[DiscountCode]) -> Money:
    """The largest discount that the codes allow for this amount, rounded down to whole cents."""
    usable = [code for code in codes if amount.cents >= code.minimum_cents]
    percent = max((code.percent for code in usable), default=0)
    return Money(amount.cents * percent // 100, amount.currency)


def included_vat(amount: Money, country: str) -> Money:
    """The value added tax that is contained in a gross amount."""
    rate = VAT_PERCENT[country]
    return Money(round(amount.cents * rate / (100 + rate)), amount.currency)
