"""Products and their variants, as the catalogue shows them."""

from dataclasses import dataclass, field

from shop.money import Money


@dataclass(frozen=True)
class Variant:
    """One thing that can be put into a parcel: a size or colour of a product."""

    sku: str
    label: str
    price: Money
    weight_grams: int


@dataclass(frozen=True)
class Product:
    """A page of the catalogue."""

    slug: str
    title: str
    description: str
    category: str
    variants: tuple[Variant, ...] = field(default_factory=tuple)


def cheapest_variant(product: Product) -> Variant | None:
    """The variant whose price is shown on the overview page."""
    return min(product.variants, key=lambda variant: variant.price, default=None)


def group_by_category(products: list[Product]) -> dict[str, list[Product]]:
    """Products for the navigation, each group in alphabetical order."""
    groups: dict[str, list[Product]] = {}
    for product in sorted(products, key=lambda product: product.title):
        groups.setdefault(product.category, []).append(product)
    return groups


def is_bulky(variant: Variant) -> bool:
    """Bulky variants go by freight and cannot be sent to a parcel locker."""
    return variant.weight_grams > 20_000
