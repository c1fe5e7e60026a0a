import type { RunningProduct } from '../bed.ts';
import { type Inspected, inspect } from '../process/inspector.ts';
import type { RowGroup } from './row-group.ts';

const signIns = 50;
const services = ['gateway-1', 'terminal-1', 'auth-1'] as const;

const startDelay =
  "globalThis.benchDelay = process.getBuiltinModule('node:perf_hooks').monitorEventLoopDelay({ resolution: 1 }); benchDelay.enable()";
const readDelay = 'benchDelay.disable(), benchDelay.percentile(99) / 1e6';

const post = (url: string, body: unknown): Promise<Response> =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

/** All at once. Some may be told to come back (429, 503): that is how a storm is bounded. */
const storm = async (product: RunningProduct): Promise<{ ok: number; throttled: number }> => {
  const account = product.stack.admin;
  const statuses = await Promise.all(
    Array.from({ length: signIns }, async () => {
      const answer = await post(`${product.url}/api/login`, account);
      await answer.body?.cancel();
      return answer.status;
    }),
  );
  const unexpected = statuses.filter((status) => ![200, 429, 503].includes(status));
  if (unexpected.length > 0) throw new Error(`sign-ins are answered ${unexpected.join(', ')}`);
  return {
    ok: statuses.filter((status) => status === 200).length,
    throttled: statuses.filter((status) => status !== 200).length,
  };
};

export const signInStorm: RowGroup = {
  name: 'sign-in-storm',
  about: `${signIns} sign-ins at once: how long the event loops of the services are held up`,
  measure: async (bed) => {
    const product = await bed.product();
    bed.say(`${signIns} sign-ins at once`);
    const delays: number[] = [];
    // One after the other: there is one port for debuggers.
    for (const name of services) {
      const inspected: Inspected = await inspect(product.pidOf(name), product.debugPort);
      await inspected.evaluate(startDelay);
      const { ok, throttled } = await storm(product);
      bed.say(`${name}: ${ok} signed in, ${throttled} told to wait`);
      delays.push(Number(await inspected.evaluate(readDelay)));
      await inspected.close();
      if (ok === 0) throw new Error('no sign-in got through: every one was told to wait');
    }
    return services.map((name, at) => ({
      name: `event loop of ${name} while ${signIns} sign-ins run, p99`,
      unit: 'ms',
      product: [delays[at] ?? Number.NaN],
      budget: { kind: 'absolute' as const, atMost: 50 },
    }));
  },
};
