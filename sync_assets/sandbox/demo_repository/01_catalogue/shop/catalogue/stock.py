"""How many of each variant are in the warehouse."""

from collections.abc import MutableMapping


class OutOfStock(Exception):
    """Fewer are left than the customer wants."""

    def __init__(self, sku: str, left: int) -> None:
        super().__init__(f"{sku}: only {left} left")
        self.sku = sku
        self.left = left


def take_from_stock(stock: MutableMapping[str, int], sku: str, quantity: int) -> None:
    """Lower the count when an order is paid."""
    left = stock.get(sku, 0)
    if left < quantity:
        raise OutOfStock(sku, left)
    stock[sku] = left - quantity


def low_stock(stock: MutableMapping[str, int], threshold: int = 5) -> list[str]:
    """Variants that purchasing should order again."""
    return sorted(sku for sku, count in stock.items() if count <= threshold)
