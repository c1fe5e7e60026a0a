import { MongoNetworkError, MongoServerError } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { repeatWhenClosed } from './mongo-setup.ts';

describe('the set-up of mongod', () => {
  it('is repeated when the server closes its connection, and only then', async () => {
    const faults: Error[] = [new MongoNetworkError('connection 1 to 127.0.0.1:1 closed')];
    let attempts = 0;
    const setUp = async (): Promise<void> => {
      attempts += 1;
      const fault = faults.shift();
      if (fault !== undefined) throw fault;
    };
    await repeatWhenClosed(setUp);
    expect(attempts).toBe(2);
    faults.push(new MongoServerError({ message: 'not authorized', code: 13 }));
    await expect(repeatWhenClosed(setUp)).rejects.toThrow('not authorized');
    expect(attempts).toBe(3);
  });
});
