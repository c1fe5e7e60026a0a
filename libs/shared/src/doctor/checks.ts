import { statfs } from 'node:fs/promises';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { z } from 'zod';
import { type Finding, failure, ok, warning } from './finding.ts';

const waitMs = 5000;
const dayMs = 86_400_000;
const gib = 1024 ** 3;

/** Days before the end of a certificate at which the doctor warns, as the services do. */
const warnDays = 14;
const errorBelowBytes = 256 * 1024 ** 2;
const warnBelowBytes = 2 * gib;
/** Seconds. Services tolerate 15 s and more. */
const warnSkew = 5;

const Readiness = z.object({
  status: z.string(),
  parts: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.string().default('') })).default({}),
});

/** A running instance of a service. */
export interface Instance {
  readonly name: string;
  /** Base URL of /readyz and /metrics. */
  readonly healthUrl: string;
}

/** /readyz of an instance: each part that it lacks is a finding. */
export const checkInstance = async ({ name, healthUrl }: Instance): Promise<readonly Finding[]> => {
  const what = `service ${name}`;
  const response = await fetch(`${healthUrl}/readyz`, { signal: AbortSignal.timeout(waitMs) }).catch(() => undefined);
  if (response === undefined) return [failure(what, `does not answer at ${healthUrl}: look at the end of its log`)];
  const { status, parts } = Readiness.parse(await response.json());
  const lacking = Object.entries(parts).filter(([, part]) => !part.ok);
  if (lacking.length > 0) return lacking.map(([part, { detail }]) => failure(what, `lacks ${part}: ${detail}`));
  return [status === 'ok' ? ok(what, `ok at ${healthUrl}`) : warning(what, `is ${status}: wait, and look at its log`)];
};

/** The samples of one metric of a `/metrics` page: labels and value. */
export const samplesOf = (page: string, name: string): readonly { labels: string; value: number }[] =>
  [...page.matchAll(/^(\w+)(?:\{([^}]*)\})? (\S+)$/gm)]
    .filter(([, found]) => found === name)
    .map(([, , labels = '', value]) => ({ labels, value: Number(value) }));

/** Clock, certificates and connected agents of an instance, from its metrics. */
export const checkMetrics = async (
  { name, healthUrl }: Instance,
  token: string | undefined,
  now: number,
): Promise<readonly Finding[]> => {
  const response = await fetch(`${healthUrl}/metrics`, {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(waitMs),
  }).catch(() => undefined);
  if (response?.ok !== true)
    return [warning(`metrics ${name}`, `answer ${response?.status ?? 'nothing'}: check METRICS_TOKEN`)];
  const page = await response.text();
  return [
    ...samplesOf(page, 'webxterm_clock_skew_seconds').map(({ value }) => checkSkew(name, value)),
    ...samplesOf(page, 'webxterm_certificate_valid_to_seconds').map(({ labels, value }) =>
      checkEnd(`certificate ${/setting="([^"]*)"/.exec(labels)?.[1] ?? ''} of ${name}`, value * 1000, now),
    ),
    ...samplesOf(page, 'webxterm_hub_agent_links').map(({ value }) =>
      value > 0
        ? ok(`agents at ${name}`, `${value} connected`)
        : warning(
            `agents at ${name}`,
            'none is connected: if machines should be, check that they reach the port of the hubs',
          ),
    ),
  ];
};

const checkSkew = (name: string, seconds: number): Finding => {
  const what = `clock of ${name}`;
  const seen = `${seconds.toFixed(1)} s from the clock of NATS`;
  return Math.abs(seconds) < warnSkew ? ok(what, seen) : warning(what, `${seen}: synchronise the clocks (NTP)`);
};

/** The end date of a certificate. `end` and `now` in ms since 1970. */
export const checkEnd = (what: string, end: number, now: number): Finding => {
  const days = Math.floor((end - now) / dayMs);
  const date = new Date(end).toISOString().slice(0, 10);
  if (end <= now) return failure(what, `ended on ${date}: renew it`);
  return days < warnDays ? warning(what, `ends on ${date}, in ${days} days: renew it`) : ok(what, `valid to ${date}`);
};

/** Free space of the file system of a folder. */
export const checkDisk = async (what: string, folder: string): Promise<Finding> => {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const seen = `${(free / gib).toFixed(1)} GiB free at ${folder}`;
  if (free < errorBelowBytes) return failure(what, `${seen}: MongoDB and NATS stop on a full disk. Free some space`);
  return free < warnBelowBytes ? warning(what, `${seen}: free some space`) : ok(what, seen);
};

/** Whether something accepts connections at host:port. */
export const checkPort = (what: string, host: string, port: number): Promise<Finding> =>
  new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (finding: Finding): void => {
      socket.destroy();
      resolve(finding);
    };
    socket.setTimeout(waitMs, () => end(failure(what, `${host}:${port} does not answer: check firewalls and routes`)));
    socket.once('connect', () => end(ok(what, `${host}:${port} accepts connections`)));
    socket.once('error', (error) => end(failure(what, `${host}:${port}: ${error.message}`)));
  });

/** The certificate that a server presents, with any issuer. */
export const checkTls = (what: string, host: string, port: number, now: number): Promise<Finding> =>
  new Promise((resolve) => {
    const servername = /^[\d.]+$|:/.test(host) ? {} : { servername: host };
    // Only the end date is read. Whether browsers trust it depends on their CAs.
    const socket = connectTls({
      host,
      port,
      ...servername,
      rejectUnauthorized: false,
      ALPNProtocols: ['h2', 'http/1.1'],
    });
    const end = (finding: Finding): void => {
      socket.destroy();
      resolve(finding);
    };
    socket.setTimeout(waitMs, () => end(failure(what, `${host}:${port} does not complete a TLS handshake`)));
    socket.once('secureConnect', () => end(checkEnd(what, Date.parse(socket.getPeerCertificate().valid_to), now)));
    socket.once('error', (error) => end(failure(what, `${host}:${port}: ${error.message}`)));
  });
