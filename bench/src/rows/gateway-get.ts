import { Agent, request } from 'node:http';
import type { RunningProduct } from '../bed.ts';
import { processorSeconds } from '../process/figures.ts';
import { quantile } from '../statistics.ts';
import type { RowGroup } from './row-group.ts';

const connections = 16;
const forMs = 4000;
const path = '/api/terminal/sessions';

const getOnce = ({ url, token }: RunningProduct, agent: Agent): Promise<void> =>
  new Promise((resolve, reject) => {
    const call = request(`${url}${path}`, { agent, headers: { authorization: `Bearer ${token}` } }, (answer) => {
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
const getForAWhile = async (product: RunningProduct): Promise<number[]> => {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const until = performance.now() + forMs;
  const times: number[] = [];
  const one = async (): Promise<void> => {
    while (performance.now() < until) {
      const at = performance.now();
      await getOnce(product, agent);
      times.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: connections }, one));
  agent.destroy();
  return times;
};

export const gatewayGet: RowGroup = {
  name: 'gateway-get',
  about: `GET ${path} through the gateway, with a token, over ${connections} connections`,
  measure: async (bed) => {
    const product = await bed.product();
    const pid = product.pidOf('gateway-1');
    const perCore: number[] = [];
    const p99: number[] = [];
    for (let repeat = 0; repeat <= bed.options.repeats; repeat += 1) {
      bed.say(repeat === 0 ? 'small GETs: warming up' : `small GETs: ${repeat} of ${bed.options.repeats}`);
      const before = processorSeconds(pid);
      const times = await getForAWhile(product);
      if (repeat === 0) continue;
      perCore.push(times.length / (processorSeconds(pid) - before));
      p99.push(quantile(times, 0.99));
    }
    return [
      // By the gateway's own processor time: the client, the service behind and the database take theirs on the same machine.
      {
        name: 'gateway, small GET, per core',
        unit: '/s',
        product: perCore,
        budget: { kind: 'absolute', atLeast: 2500 },
      },
      {
        name: `gateway, small GET, ${connections} at once, p99`,
        unit: 'ms',
        product: p99,
        budget: { kind: 'absolute', atMost: 20 },
      },
    ];
  },
};
