"""Search in the catalogue: forgiving of typing mistakes, strict about availability."""

from difflib import SequenceMatcher

from shop.catalogue.products import Product

SYNONYMS = {"spanner": "wrench", "pincers": "pliers", "drill bits": "bits"}


def normalize_query(query: str) -> str:
    """Lower case, single spaces, and the word that our catalogue uses for a thing."""
    text = " ".join(query.lower().split())
    for customer_word, our_word in SYNONYMS.items():
        text = text.replace(customer_word, our_word)
    return text


def similarity(query: str, product: Product) -> float:
    """How well a product answers a query, from 0 to 1; the title counts twice."""
    title = SequenceMatcher(None, query, product.title.lower()).ratio()
    text = 1.0 if query in product.description.lower() else 0.0
    return (2 * title + text) / 3


def find_products(query: str, products: list[Product], limit: int = 24) -> list[Product]:
    """The best answers, best first; nothing rather than something unrelated."""
    wanted = normalize_query(query)
    scored = [(similarity(wanted, product), product) for product in products]
    good = [(score, product) for score, product in scored if score > 0.35]
    good.sort(key=lambda pair: (-pair[0], pair[1].title))
    return [product for _, product in good[:limit]]
