import type { CustomFetch } from 'openid-client';

/** The largest response of a provider, in bytes. */
const maxBytes = 1024 * 1024;

/** As fetch, without redirects, and with a bound for the body, because a provider decides what it sends. */
export const boundedFetch: CustomFetch = async (url, { body, ...options }) => {
  const response = await fetch(url, { ...options, body: body ?? null, redirect: 'manual' });
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength;
    if (length > maxBytes) throw new Error(`${new URL(url).host} sent more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  const { status, statusText, headers } = response;
  const whole = status === 204 || status === 304 ? null : Buffer.concat(chunks);
  const bounded = new Response(whole, { status, statusText, headers });
  Object.defineProperty(bounded, 'url', { value: response.url });
  return bounded;
};
