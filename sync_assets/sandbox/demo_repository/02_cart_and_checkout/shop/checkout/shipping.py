"""Ways to send a parcel, and what they cost."""

from dataclasses import dataclass
from datetime import date, timedelta

from shop.money import Money

FREE_SHIPPING_FROM = Money(75_00)


@dataclass(frozen=True)
class ShippingMethod:
    name: str
    price: Money
    max_weight_grams: int
    working_days: int


METHODS = (
    ShippingMethod("parcel locker", Money(3_90), 20_000, 2),
    ShippingMethod("home delivery", Money(4_90), 31_500, 2),
    ShippingMethod("express", Money(12_90), 20_000, 1),
    ShippingMethod("freight", Money(39_00), 500_000, 5),
)


def methods_for(weight_grams: int) -> list[ShippingMethod]:
    """The methods that can carry a parcel of this weight, cheapest first."""
    fitting = [method for method in METHODS if weight_grams <= method.max_weight_grams]
    return sorted(fitting, key=lambda method: method.price)


def shipping_price(method: ShippingMethod, basket: Money) -> Money:
    """Home delivery and parcel lockers are free from 75 euros on."""
    is_standard = method.name in ("parcel locker", "home delivery")
    return Money(0) if is_standard and basket >= FREE_SHIPPING_FROM else method.price


def expected_delivery(method: ShippingMethod, ordered_on: date) -> date:
    """The day a parcel should arrive; nothing moves on weekends."""
    day, left = ordered_on, method.working_days
    while left > 0:
        day += timedelta(days=1)
        left -= 1 if day.weekday() < 5 else 0
    return day
