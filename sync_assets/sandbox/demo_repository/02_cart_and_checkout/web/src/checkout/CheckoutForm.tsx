import { useState } from "react";

import { postJson } from "../api/client";
import { type AddressForm, validateAddress } from "./validateAddress";

const EMPTY: AddressForm = { name: "", street: "", postcode: "", city: "", country: "DE" };

/** One page, no account needed. The button is disabled while an order is on its way. */
export function CheckoutForm({ idempotencyKey }: { idempotencyKey: string }) {
  const [form, setForm] = useState(EMPTY);
  const [isSending, setIsSending] = useState(false);
  const errors = validateAddress(form);

  async function submitOrder() {
    setIsSending(true);
    try {
      const answer = await postJson<{ paymentUrl: string }>("/api/orders", {
        ...form,
        idempotencyKey,
      });
      window.location.assign(answer.paymentUrl);
    } finally {
      setIsSending(false);
    }
  }

  const change = (field: keyof AddressForm) => (event: { target: { value: string } }) =>
    setForm({ ...form, [field]: event.target.value });

  return (
    <form onSubmit={(event) => (event.preventDefault(), void submitOrder())}>
      <input autoComplete="street-address" value={form.street} onChange={change("street")} />
      <input autoComplete="postal-code" value={form.postcode} onChange={change("postcode")} />
      {errors.postcode && <p role="alert">{errors.postcode}</p>}
      <button disabled={isSending || Object.keys(errors).length > 0}>Pay now</button>
    </form>
  );
}
