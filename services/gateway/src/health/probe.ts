import { get } from 'node:http';
import { parseJson } from '@webxterm/contracts/json';
import { z } from 'zod';

/** The body of a service's /readyz: its own status and that of the servers it uses. */
export const Readiness = z.object({
  status: z.enum(['ok', 'degraded', 'starting', 'ending']),
  parts: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.string().optional() })).default({}),
});
export type Readiness = z.infer<typeof Readiness>;

const probeMs = 1000;
const maxReport = 64 * 1024;

/** The report of one instance. Undefined if it does not send a valid report within a second. */
export const probe = (healthUrl: string): Promise<Readiness | undefined> =>
  new Promise((resolve) => {
    const none = (): void => resolve(undefined);
    const request = get(`${healthUrl}/readyz`, { signal: AbortSignal.timeout(probeMs) }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > maxReport) response.destroy();
      });
      response.on('error', none);
      response.on('close', none);
      response.on('end', () => resolve(Readiness.safeParse(parseJson(text)).data));
    });
    request.on('error', none);
  });
