import type { RunningProduct } from '../bed.ts';
import { inspect } from '../process/inspector.ts';
import { openProduct } from '../product.ts';
import type { Row } from '../report.ts';
import { withShell } from '../shell.ts';
import { measureEcho } from './echo.ts';
import type { RowGroup } from './row-group.ts';

const signIns = 50;
/** Keys while a storm lasts: about 50 sign-ins of a quarter of a second each, on two processors. */
const keysInStorm = 300;
const services = ['gateway-1', 'terminal-1', 'auth-1'] as const;
const atMostMs = 50;

const startDelay =
  "globalThis.benchDelay = process.getBuiltinModule('node:perf_hooks').monitorEventLoopDelay({ resolution: 1 }); benchDelay.enable()";
const readDelay = 'benchDelay.disable(), benchDelay.percentile(99) / 1e6';

interface Account {
  readonly email: string;
  readonly password: string;
}

const post = (url: string, body: unknown): Promise<Response> =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

/** One for each storm: what an earlier one did to an account's bucket is not measured. */
const signUp = async (product: RunningProduct, number: number): Promise<Account> => {
  const account = { email: `storm${number}@example.com`, password: 'a password of the storm' };
  const answer = await post(`${product.url}/api/signup`, { username: `storm ${number}`, ...account });
  await answer.body?.cancel();
  if (answer.status !== 201) throw new Error(`sign-up answered ${answer.status}`);
  return account;
};

/** All at once. Some may be refused with 429 or 503, which bounds a storm. */
const storm = async (product: RunningProduct, account: Account): Promise<{ ok: number; tookMs: number }> => {
  const startedAt = performance.now();
  const statuses = await Promise.all(
    Array.from({ length: signIns }, async () => {
      const answer = await post(`${product.url}/api/login`, account);
      await answer.body?.cancel();
      return answer.status;
    }),
  );
  const unexpected = statuses.filter((status) => ![200, 429, 503].includes(status));
  if (unexpected.length > 0) throw new Error(`sign-ins are answered ${unexpected.join(', ')}`);
  const ok = statuses.filter((status) => status === 200).length;
  if (ok === 0) throw new Error('every sign-in was refused with 429 or 503');
  return { ok, tookMs: performance.now() - startedAt };
};

/** One after the other, before and behind the storm: there is one port for debuggers. */
const inEach = async (product: RunningProduct, expression: string): Promise<number[]> => {
  const values: number[] = [];
  for (const name of services) {
    const inspected = await inspect(product.pidOf(name), product.debugPort);
    values.push(Number(await inspected.evaluate(expression)));
    await inspected.close();
  }
  return values;
};

export const signInStorm: RowGroup = {
  name: 'sign-in-storm',
  about: `${signIns} sign-ins at once: how long a key and the event loops of the services are held up`,
  measure: async (bed) => {
    const product = await bed.product();
    const typed = () =>
      withShell(
        () => openProduct(product),
        (shell) => measureEcho(shell, keysInStorm),
      );
    const delays: number[][] = [];
    const [idle, echoes]: [number[], number[]] = [[], []];
    for (let repeat = 1; repeat <= bed.options.repeats; repeat += 1) {
      bed.say(`${signIns} sign-ins at once: ${repeat} of ${bed.options.repeats}`);
      const account = await signUp(product, repeat);
      idle.push((await typed()).p99);
      await inEach(product, startDelay);
      const [{ ok, tookMs }, echo] = await Promise.all([storm(product, account), typed()]);
      bed.say(`${ok} signed in, ${signIns - ok} refused, within ${(tookMs / 1000).toFixed(1)} s`);
      echoes.push(echo.p99);
      delays.push(await inEach(product, readDelay));
    }
    return [
      {
        name: `key echo while ${signIns} sign-ins run, p99`,
        unit: 'ms',
        product: echoes,
        reference: { name: 'idle', values: idle },
        budget: { kind: 'absolute', atMost: atMostMs },
      },
      ...services.map(
        (name, at): Row => ({
          name: `event loop of ${name} while ${signIns} sign-ins run, p99`,
          unit: 'ms',
          product: delays.map((each) => each[at] ?? Number.NaN),
          budget: { kind: 'absolute', atMost: atMostMs },
        }),
      ),
    ];
  },
};
