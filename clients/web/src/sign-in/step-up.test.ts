import { ApiError } from '@webxterm/rest-client';
import { describe, expect, it, vi } from 'vitest';
import { StepUp } from './step-up.ts';

const refused = new ApiError({ status: 403, code: 'step_up_required', message: 'Confirm first.' });

/** A server that demands a confirmation until it got a code, and the calls that it saw. */
const setUp = () => {
  let confirmed = false;
  const bodies: unknown[] = [];
  const fetcher: typeof fetch = async (_input, init) => {
    bodies.push(init?.body);
    confirmed = true;
    return new Response(JSON.stringify({ valid_until: new Date().toISOString() }));
  };
  const stepUp = new StepUp({ withToken: (call) => call('token') }, fetcher, () => Promise.reject(new Error('none')));
  const act = () =>
    stepUp.withToken(async () => {
      if (!confirmed) throw refused;
      return 'done';
    });
  return { stepUp, act, bodies };
};

describe('a call that needs a confirmation', () => {
  it('waits for it, together with other calls, and is then repeated', async () => {
    const { stepUp, act, bodies } = setUp();
    let reported = 0;
    stepUp.subscribe(() => {
      reported += 1;
    });
    const calls = Promise.all([act(), act()]);
    await vi.waitFor(() => expect(stepUp.asked).toBe(true));
    expect([stepUp.asked, reported]).toEqual([true, 1]);
    await stepUp.confirm('123456');
    expect(await calls).toEqual(['done', 'done']);
    expect([stepUp.asked, bodies]).toEqual([false, ['{"code":"123456"}']]);
  });

  it('fails as before when the user cancels', async () => {
    const { stepUp, act } = setUp();
    const call = act();
    const failed = expect(call).rejects.toBe(refused);
    await vi.waitFor(() => expect(stepUp.asked).toBe(true));
    stepUp.cancel();
    await failed;
    expect(stepUp.asked).toBe(false);
  });

  it('that fails for another reason is not repeated', async () => {
    const { stepUp } = setUp();
    const other = new ApiError({ status: 403, code: 'forbidden', message: 'No.' });
    await expect(stepUp.withToken(() => Promise.reject(other))).rejects.toBe(other);
    expect(stepUp.asked).toBe(false);
  });
});
