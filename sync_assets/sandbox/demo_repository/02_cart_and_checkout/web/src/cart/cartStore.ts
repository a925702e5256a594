/** The cart in the browser. It survives a reload and is shared between tabs. */

export interface CartLine {
  sku: string;
  quantity: number;
}

const STORAGE_KEY = "storefront.cart.v2";

export function loadCart(storage: Storage): CartLine[] {
  const raw = storage.getItem(STORAGE_KEY);
  if (raw === null) {
    return [];
  }
  const parsed: unknown = JSON.parse(raw);
  return Array.isArray(parsed) ? parsed.filter(isCartLine) : [];
}

export function saveCart(storage: Storage, lines: CartLine[]): void {
  storage.setItem(STORAGE_KEY, JSON.stringify(lines));
}

export function setQuantity(lines: CartLine[], sku: string, quantity: number): CartLine[] {
  const others = lines.filter((line) => line.sku !== sku);
  return quantity > 0 ? [...others, { sku, quantity }] : others;
}

export function subscribeToOtherTabs(onChange: (lines: CartLine[]) => void): () => void {
  const listener = (event: StorageEvent) => {
    if (event.key === STORAGE_KEY) {
      onChange(loadCart(window.localStorage));
    }
  };
  window.addEventListener("storage", listener);
  return () => window.removeEventListener("storage", listener);
}

function isCartLine(value: unknown): value is CartLine {
  const line = value as CartLine;
  return typeof line?.sku === "string" && Number.isInteger(line?.quantity);
}
