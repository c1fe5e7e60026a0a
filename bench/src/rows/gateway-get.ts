import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { gatewayHeaders } from '@webxterm/shared';
import { startBareGateway } from '../bare-path/bare-path.ts';
import type { Bed, RunningProduct } from '../bed.ts';
import { processorSeconds } from '../process/figures.ts';
import { quantile } from '../statistics.ts';
import type { RowGroup } from './row-group.ts';

const connections = 16;
const forMs = 4000;
const path = '/api/terminal/sessions';

/** One way to the service that answers. */
interface Way {
  readonly url: string;
  /** Of one request: the proof of the gateway holds for one. */
  readonly headers: () => Record<string, string>;
  /** The process whose time is counted. */
  readonly pid: number;
}

interface Measured {
  readonly perCore: number;
  readonly p99: number;
}

const getOnce = ({ url, headers }: Way, agent: Agent): Promise<void> =>
  new Promise((resolve, reject) => {
    const call = request(`${url}${path}`, { agent, headers: headers() }, (answer) => {
      answer.resume();
      answer.once('end', () => {
        if (answer.statusCode === 200) resolve();
        else reject(new Error(`${path} answered ${answer.statusCode}`));
      });
    });
    call.once('error', reject);
    call.end();
  });

/** Gets as fast as so many connections can, each one at a time. @returns ms of each */
const getForAWhile = async (way: Way): Promise<number[]> => {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const until = performance.now() + forMs;
  const times: number[] = [];
  const one = async (): Promise<void> => {
    while (performance.now() < until) {
      const at = performance.now();
      await getOnce(way, agent);
      times.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: connections }, one));
  agent.destroy();
  return times;
};

/** By the process's own time: the client, the service behind and the database take theirs on the same machine. */
const measure = async (way: Way): Promise<Measured> => {
  const before = processorSeconds(way.pid);
  const times = await getForAWhile(way);
  return { perCore: times.length / (processorSeconds(way.pid) - before), p99: quantile(times, 0.99) };
};

/** The headers by which the service knows that a request came through the gateway. */
const vouchedFor = ({ dataDir, url }: RunningProduct, headers: Record<string, string>): Way['headers'] => {
  const key = Buffer.from(readFileSync(join(dataDir, 'secrets', 'gateway-key'), 'utf8').trim(), 'base64url');
  const { host } = new URL(url);
  return () => {
    const facts = { requestId: randomUUID(), clientIp: '127.0.0.1', proto: 'http', host } as const;
    return { ...headers, ...gatewayHeaders(key, { method: 'GET', url: path, headers }, facts) };
  };
};

/** The gateway, a bare proxy in its place, and the service itself. */
const waysTo = async (bed: Bed, product: RunningProduct): Promise<{ gateway: Way; bare: Way; service: Way }> => {
  const headers = { authorization: `Bearer ${product.token}` };
  const vouched = vouchedFor(product, headers);
  const port = product.stack.processes.find(({ name }) => name === 'terminal-1')?.port ?? 0;
  const bare = await startBareGateway(port);
  bed.atEnd(() => bare.stop());
  const servicePid = product.pidOf('terminal-1');
  return {
    gateway: { url: product.url, headers: () => headers, pid: product.pidOf('gateway-1') },
    bare: { url: bare.url, headers: vouched, pid: bare.pid },
    service: { url: `http://127.0.0.1:${port}`, headers: vouched, pid: servicePid },
  };
};

export const gatewayGet: RowGroup = {
  name: 'gateway-get',
  about: `GET ${path} with a token over ${connections} connections: through the gateway, a bare proxy, and at the service`,
  measure: async (bed) => {
    const ways = await waysTo(bed, await bed.product());
    const results: Record<keyof typeof ways, Measured[]> = { gateway: [], bare: [], service: [] };
    for (let repeat = 0; repeat <= bed.options.repeats; repeat += 1) {
      bed.say(repeat === 0 ? 'small GETs: warming up' : `small GETs: ${repeat} of ${bed.options.repeats}`);
      for (const name of ['service', 'bare', 'gateway'] as const) {
        const measured = await measure(ways[name]);
        if (repeat > 0) results[name].push(measured);
      }
    }
    const all = (name: keyof typeof ways, of: keyof Measured): number[] => results[name].map((each) => each[of]);
    const beside = (of: keyof Measured) => ({ name: 'bare proxy', values: all('bare', of) });
    return [
      {
        name: 'gateway, small GET, per core',
        unit: '/s',
        product: all('gateway', 'perCore'),
        reference: beside('perCore'),
        budget: { kind: 'absolute', atLeast: 2500 },
      },
      {
        name: `gateway, small GET, ${connections} at once, p99`,
        unit: 'ms',
        product: all('gateway', 'p99'),
        reference: beside('p99'),
        budget: { kind: 'absolute', atMost: 20 },
      },
      {
        name: `the same GET at the service itself, ${connections} at once, p99`,
        unit: 'ms',
        product: all('service', 'p99'),
        budget: { kind: 'absolute', atMost: 20 },
      },
    ];
  },
};
