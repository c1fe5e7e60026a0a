// Receives from the process that forked it the address to dial, then `end`. Sends the number of linked agents, and failures.
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Metadata } from '@grpc/grpc-js';
import { agentBaseline } from '@webxterm/contracts/capabilities';
import { decodeUp, encodeDown, inputWindow } from '@webxterm/contracts/frames';
import { metadataKey, type OpenStream, unwrapFrame, type Welcome, wrapFrame } from '@webxterm/contracts/grpc';
import { helloBytes, type MachineKey } from '../../../clients/agent/src/identity/machine-key.ts';
import { backOff, patience } from '../../../clients/agent/src/link/back-off.ts';
import { type Credential, dial } from '../../../clients/agent/src/link/dial.ts';
import type { HubConnection } from '../../../clients/agent/src/link/hub-connection.ts';
import { FleetOrder, type FleetReport } from './fleet-messages.ts';

/** Dials under way at once. */
const dialling = 24;
/** As the real agent does: those without sessions spread over this after a loss. */
const spreadMs = 30_000;
const reportEveryMs = 500;

const newKey = (): MachineKey => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    publicKey: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32),
    signHello: (claims) => sign(null, helloBytes(claims), privateKey),
  };
};

const linked = new Set<SimulatedAgent>();
const failures = new Map<string, number>();
const agentIds = new Set<string>();
let running = 0;
const waiting: (() => void)[] = [];

/** At most so many dials at once, first come, first served. */
const turn = async <T>(act: () => Promise<T>): Promise<T> => {
  while (running >= dialling) await new Promise<void>((resolve) => waiting.push(resolve));
  running += 1;
  try {
    return await act();
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
};

/** A machine that is always idle: the agent's own dial and connection, and sessions in which nothing is ever printed. */
class SimulatedAgent {
  readonly #name: string;
  readonly #key = newKey();
  readonly #instanceId = randomBytes(16);
  readonly #order: FleetOrder;
  #generation = 0n;
  #credential: Credential;
  #machineCredential = '';

  constructor(name: string, order: FleetOrder) {
    this.#name = name;
    this.#order = order;
    this.#credential = { $case: 'apiKey', value: order.apiKey };
  }

  async run(): Promise<void> {
    let failed = 0;
    for (;;) {
      const connection = await turn(() => this.#dial(failed));
      failed = connection === undefined ? failed + 1 : 0;
      if (connection === undefined) await delay(backOff({ failures: failed - 1, isBusy: false }, Math.random()));
      else {
        await connection.closed;
        linked.delete(this);
        connection.close();
        await delay(Math.random() * spreadMs);
      }
    }
  }

  /** @returns the link; undefined when there is none */
  async #dial(failed: number): Promise<HubConnection | undefined> {
    const result = await dial(this.#order.address, {
      security: { tls: this.#order.tls, ca: this.#order.ca },
      key: this.#key,
      generation: { raise: async () => (this.#generation += 1n) },
      instanceId: this.#instanceId,
      credential: this.#credential,
      fallbackCredential: this.#machineCredential,
      facts: { ...facts, name: this.#name, hostname: this.#name },
      capabilities: agentBaseline,
      registerOnly: false,
      patienceMs: patience(failed),
    });
    if (result.kind !== 'welcome') {
      const why = result.kind === 'refused' ? result.refused.code : result.reason;
      failures.set(why, (failures.get(why) ?? 0) + 1);
      return undefined;
    }
    this.#serve(result.connection, result.welcome);
    return result.connection;
  }

  #serve(connection: HubConnection, welcome: Welcome): void {
    agentIds.add(welcome.agentId);
    if (welcome.machineCredential !== '') this.#machineCredential = welcome.machineCredential;
    this.#credential = { $case: 'linkPass', value: welcome.linkPass };
    linked.add(this);
    connection.onMessage(({ message }) => {
      if (message?.$case === 'ping') connection.send({ $case: 'pong', value: { nonce: message.value.nonce } });
      else if (message?.$case === 'openStream') openSession(connection, welcome.linkId, message.value);
      else if (message?.$case === 'redial' || message?.$case === 'refused') connection.close();
    });
  }
}

const openSession = (connection: HubConnection, linkId: string, open: OpenStream): void => {
  const metadata = new Metadata();
  metadata.set(metadataKey.linkId, linkId);
  metadata.set(metadataKey.attachId, open.attachId);
  metadata.set(metadataKey.attachSecret, open.secret.toString('base64url'));
  const call = connection.attach(metadata);
  call.on('error', () => undefined);
  call.on('end', () => call.end());
  call.on('data', (message: Buffer) => {
    const bytes = unwrapFrame(message);
    const frame = bytes === undefined ? undefined : decodeUp(bytes);
    if (frame?.type === 'ping')
      call.write(wrapFrame(encodeDown({ type: 'pong', scope: frame.scope, nonce: frame.nonce })));
    if (frame?.type === 'detach') call.end();
  });
  const place = { offset: 0, head: 0, liveFrom: 0, inputApplied: 0, inputLimit: inputWindow, cols: 80, rows: 24 };
  call.write(wrapFrame(encodeDown({ type: 'accepted', created: open.create, driver: true, ...place })));
};

const facts = {
  name: '',
  hostname: '',
  os: 'linux',
  osVersion: 'simulated',
  arch: 'x64',
  agentVersion: '0.1.0',
  cpuCores: 2,
  memTotalMb: 4096n,
  diskTotalGb: 40n,
  linuxUser: 'nobody',
  processUser: 'root',
  description: 'simulated by the load tool',
  tags: ['simulated'],
  linuxUsers: [],
  sshHostKey: Buffer.alloc(0),
};

const report = (): void => {
  const message: FleetReport = { linked: linked.size, failures: Object.fromEntries(failures), agentIds: [...agentIds] };
  process.send?.(message);
};

process.on('message', (message) => {
  if (message === 'end') process.exit();
  const order = FleetOrder.parse(message);
  const run = createHash('sha256').update(order.apiKey).update(String(process.pid)).digest('hex').slice(0, 8);
  for (let index = 0; index < order.count; index += 1)
    void new SimulatedAgent(`simulated-${run}-${index}`, order).run();
  setInterval(report, reportEveryMs);
});
process.on('disconnect', () => process.exit());
