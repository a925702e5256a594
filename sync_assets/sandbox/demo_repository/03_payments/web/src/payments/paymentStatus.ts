/** After paying, customers come back before the provider's message does. We wait a little. */

import { getJson, isTemporary } from "../api/client";

export type PaymentStatus = "open" | "paid" | "failed" | "expired";

const POLL_EVERY_MS = 1500;
const GIVE_UP_AFTER_MS = 45000;

export async function waitForPayment(
  orderNumber: string,
  pause: (ms: number) => Promise<void>,
): Promise<PaymentStatus> {
  for (let waited = 0; waited < GIVE_UP_AFTER_MS; waited += POLL_EVERY_MS) {
    try {
      const { status } = await getJson<{ status: PaymentStatus }>(`/api/orders/${orderNumber}/payment`);
      if (status !== "open") {
        return status;
      }
    } catch (error) {
      if (!isTemporary(error)) {
        throw error;
      }
    }
    await pause(POLL_EVERY_MS);
  }
  return "open";
}

export function paymentMessage(status: PaymentStatus): string {
  const messages: Record<PaymentStatus, string> = {
    open: "Your bank is still thinking. We will mail you as soon as it is done.",
    paid: "Thank you! Your order is on its way to the warehouse.",
    failed: "Your bank declined the payment. Nothing was charged.",
    expired: "The payment page was open for too long. Please try again.",
  };
  return messages[status];
}
