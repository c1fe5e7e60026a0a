import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { StackFailure } from '../failure.ts';

const serviceAccount = '/var/run/secrets/kubernetes.io/serviceaccount';
const answerWithinMs = 15_000;

export type SecretType = 'Opaque' | 'kubernetes.io/tls';

/** By name. The API stores bytes. */
export type SecretFiles = ReadonlyMap<string, string | Buffer>;

const Secret = z.looseObject({
  metadata: z.looseObject({ resourceVersion: z.string() }),
  data: z.record(z.string(), z.string()).default({}),
});

export interface ApiServer {
  readonly url: string;
  readonly namespace: string;
  readonly token: string;
}

/** The API server as seen from a pod. NODE_EXTRA_CA_CERTS names its CA. */
export const apiServerOfPod = (): ApiServer => ({
  url: 'https://kubernetes.default.svc',
  namespace: readFileSync(`${serviceAccount}/namespace`, 'utf8').trim(),
  token: readFileSync(`${serviceAccount}/token`, 'utf8').trim(),
});

/** Client for the Secrets of one namespace, limited to the needs of the set-up. */
export class SecretsApi {
  readonly #server: ApiServer;

  constructor(server: ApiServer) {
    this.#server = server;
  }

  /** Returns the files of a Secret. Undefined if it does not exist. @throws StackFailure */
  async read(name: string): Promise<ReadonlyMap<string, string> | undefined> {
    const found = await this.#find(name);
    if (found === undefined) return undefined;
    return new Map(Object.entries(found.data).map(([file, text]) => [file, Buffer.from(text, 'base64').toString()]));
  }

  /** Creates the Secret, or replaces its files. Sends nothing if the content is equal. @throws StackFailure */
  async write(name: string, type: SecretType, files: SecretFiles): Promise<'made' | 'changed' | 'same'> {
    const found = await this.#find(name);
    const data = Object.fromEntries(
      [...files].map(([file, content]) => [file, Buffer.from(content).toString('base64')]),
    );
    const body = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, labels: { 'app.kubernetes.io/part-of': 'webxterm' } },
      type,
      data,
    };
    if (found === undefined) {
      await this.#send('POST', '', body);
      return 'made';
    }
    if (sameData(found.data, data)) return 'same';
    // If another client changed the Secret meanwhile, the resource version makes this request fail.
    const metadata = { ...body.metadata, resourceVersion: found.version };
    await this.#send('PUT', `/${name}`, { ...body, metadata });
    return 'changed';
  }

  async #find(name: string): Promise<{ version: string; data: Readonly<Record<string, string>> } | undefined> {
    const answer = await this.#send('GET', `/${name}`);
    if (answer === undefined) return undefined;
    const { metadata, data } = Secret.parse(answer);
    return { version: metadata.resourceVersion, data };
  }

  async #send(method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown): Promise<unknown> {
    const { url, namespace, token } = this.#server;
    const response = await fetch(`${url}/api/v1/namespaces/${namespace}/secrets${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(answerWithinMs),
    }).catch((error: unknown) => {
      throw new StackFailure(`the API server at ${url} cannot be reached`, { cause: error });
    });
    if (method === 'GET' && response.status === 404) return undefined;
    if (response.ok) return response.json();
    // The message names the user and the missing permission. It contains nothing of the body.
    const { message } = z
      .looseObject({ message: z.string().default('') })
      .parse(await response.json().catch(() => ({})));
    throw new StackFailure(`the API server answers ${response.status} to ${method} of Secret${path}: ${message}`);
  }
}

const sameData = (a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([name, text]) => b[name] === text);
