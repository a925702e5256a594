"""Amounts of money in whole cents, so that no cent is lost to rounding."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Money:
    """An amount in the smallest unit of its currency."""

    cents: int
    currency: str = "EUR"

    def __add__(self, other: "Money") -> "Money":
        self._require_same_currency(other)
        return Money(self.cents + other.cents, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._require_same_currency(other)
        return Money(self.cents - other.cents, self.currency)

    def times(self, quantity: int) -> "Money":
        return Money(self.cents * quantity, self.currency)

    def _require_same_currency(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise ValueError(f"cannot mix {self.currency} and {other.currency}")


def split_evenly(total: Money, parts: int) -> list[Money]:
    """Share an amount so that the parts add up again; the first parts carry the odd cents."""
    base, odd = divmod(total.cents, parts)
    return [Money(base + (1 if i < odd else 0), total.currency) for i in range(parts)]


def format_price(amount: Money) -> str:
    """A price as customers read it: 1.299,00 EUR."""
    whole, cents = divmod(amount.cents, 100)
    grouped = f"{whole:,}".replace(",", ".")
    return f"{grouped},{cents:02d} {amount.currency}"
