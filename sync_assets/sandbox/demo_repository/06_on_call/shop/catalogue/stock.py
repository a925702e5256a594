"""How many of each variant are in the warehouse, and how many of them are promised."""

from collections.abc import MutableMapping


class OutOfStock(Exception):
    """Fewer are left than the customer wants."""

    def __init__(self, sku: str, left: int) -> None:
        super().__init__(f"{sku}: only {left} left")
        self.sku = sku
        self.left = left


def available(stock: MutableMapping[str, int], reserved: MutableMapping[str, int], sku: str) -> int:
    """What can still be sold: in the warehouse and not promised to a draft order."""
    return stock.get(sku, 0) - reserved.get(sku, 0)


def reserve_stock(
    stock: MutableMapping[str, int],
    reserved: MutableMapping[str, int],
    sku: str,
    quantity: int,
) -> None:
    """Promise a quantity to a draft order, so that nobody else can buy the same piece."""
    left = available(stock, reserved, sku)
    if left < quantity:
        raise OutOfStock(sku, left)
    reserved[sku] = reserved.get(sku, 0) + quantity


def release_reservation(reserved: MutableMapping[str, int], sku: str, quantity: int) -> None:
    """Give a promise back when a draft is abandoned or cancelled."""
    reserved[sku] = max(0, reserved.get(sku, 0) - quantity)


def low_stock(stock: MutableMapping[str, int], threshold: int = 5) -> list[str]:
    """Variants that purchasing should order again."""
    return sorted(sku for sku, count in stock.items() if count <= threshold)
