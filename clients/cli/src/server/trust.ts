import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { parseJson } from '@webxterm/contracts/json';
import { WellKnown } from '@webxterm/contracts/rest';
import { exitCode, Failure, systemCode } from '../failure.ts';
import { useProxy } from './proxy.ts';

const certificates = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;
const timeoutMs = 10_000;
const maxAnswer = 64 * 1024;

/** Makes this process trust the CAs of the system and of Node, and a private one. */
export const trustCas = (ca: string | undefined): void => {
  const own = ca?.match(certificates) ?? [];
  setDefaultCACertificates([...new Set([...getCACertificates('default'), ...getCACertificates('system'), ...own])]);
};

/** The text of a file of CAs. @throws Failure if there is no certificate in it */
export const readCa = async (file: string): Promise<string> => {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new Failure(`The CA of ${file} cannot be read: ${systemCode(error) ?? String(error)}.`, exitCode.usage);
  });
  if (text.match(certificates) === null) throw new Failure(`${file} has no certificate (PEM).`, exitCode.usage);
  return text;
};

/** `sha256:` and 64 hexadecimal digits, of the DER bytes of the certificate. */
const fingerprintOf = (pem: string): string =>
  `sha256:${new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase()}`;

const formOfFingerprint = /^sha256:[0-9a-f]{64}$/;

/**
 * The private CA that a server names, if it has this fingerprint. The server is not trusted before: everything that it says besides the
 * certificate is ignored.
 * @throws Failure if the server has no private CA, or another one
 */
export const pinnedCa = async (url: URL, fingerprint: string): Promise<string> => {
  const wanted = fingerprint.toLowerCase();
  if (!formOfFingerprint.test(wanted))
    throw new Failure('A fingerprint is sha256: and 64 hexadecimal digits.', exitCode.usage);
  useProxy();
  const answer = WellKnown.safeParse(parseJson(await ask(new URL('/.well-known/webxterm', url))));
  const ca = answer.success ? answer.data.grpc.ca : undefined;
  if (ca === undefined) throw new Failure(`${url.origin} names no private CA. Log in without --ca-fingerprint.`);
  if (fingerprintOf(ca) !== wanted)
    throw new Failure(
      `The CA of ${url.origin} has the fingerprint ${fingerprintOf(ca)}, not the one that you gave. Do not log in before you know why.`,
      exitCode.refused,
    );
  return ca;
};

/** The body of a GET from a server whose certificate is not checked. @throws Failure if there is none */
const ask = async (url: URL): Promise<string> => {
  try {
    const call = request(url, { rejectUnauthorized: false, signal: AbortSignal.timeout(timeoutMs) }).end();
    const [response]: IncomingMessage[] = await once(call, 'response');
    let body = '';
    for await (const chunk of response?.setEncoding('utf8') ?? []) {
      body += chunk;
      if (body.length > maxAnswer) throw new Error(`the answer is longer than ${maxAnswer / 1024} KiB`);
    }
    return body;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure(`${url.origin} cannot be reached: ${reason}.`, exitCode.unreachable);
  }
};
