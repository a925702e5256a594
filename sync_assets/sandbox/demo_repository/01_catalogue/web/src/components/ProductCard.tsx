import { formatPrice } from "../format";

export interface ProductCardProps {
  title: string;
  slug: string;
  priceInCents: number;
  imageUrl: string;
  soldOut: boolean;
}

/** A product on the overview page. Sold-out products stay visible, so that links keep working. */
export function ProductCard(props: ProductCardProps) {
  const label = props.soldOut ? "Sold out" : formatPrice(props.priceInCents);
  return (
    <a className="product-card" href={`/products/${props.slug}`}>
      <img src={props.imageUrl} alt="" loading="lazy" width={320} height={320} />
      <h3>{props.title}</h3>
      <p className={props.soldOut ? "muted" : "price"}>{label}</p>
    </a>
  );
}
