import { describe, expect, it } from 'vitest';
import { until } from './until.ts';

describe('until', () => {
  it('resolves once the condition holds, also after exceptions', async () => {
    let asked = 0;
    await until(() => {
      asked += 1;
      if (asked === 1) throw new Error('not yet');
      return asked === 3;
    });
    expect(asked).toBe(3);
  });

  it('reports the condition that did not hold, and its last exception', async () => {
    const machineIsOnline = (): boolean => {
      throw new Error('503');
    };
    await expect(until(() => machineIsOnline(), 0)).rejects.toMatchObject({
      message: 'this did not come to hold within 0 ms: () => machineIsOnline()',
      cause: { message: '503' },
    });
  });
});
