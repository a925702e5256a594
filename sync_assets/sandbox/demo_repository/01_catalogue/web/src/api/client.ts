/** Calls to the shop's server. Every call has a timeout, and every failure has a type. */

export class ApiError extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

const DEFAULT_TIMEOUT_MS = 8000;

export async function getJson<T>(path: string, timeoutMs = DEFAULT_TIMEOUT_MS): Promise<T> {
  const response = await fetch(path, { signal: AbortSignal.timeout(timeoutMs) });
  if (!response.ok) {
    throw new ApiError(response.status, `GET ${path} answered ${response.status}`);
  }
  return (await response.json()) as T;
}

export async function postJson<T>(path: string, body: unknown): Promise<T> {
  const response = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", "x-requested-with": "storefront" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(DEFAULT_TIMEOUT_MS),
  });
  if (!response.ok) {
    throw new ApiError(response.status, `POST ${path} answered ${response.status}`);
  }
  return (await response.json()) as T;
}

export function isTemporary(error: unknown): boolean {
  return error instanceof ApiError ? error.status >= 500 || error.status === 429 : true;
}
