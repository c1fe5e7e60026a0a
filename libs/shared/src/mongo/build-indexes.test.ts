import { describe, expect, it } from 'vitest';
import { buildIndexesOf } from './build-indexes.ts';

const late = Object.assign(new Error('connection 3 to 10.0.0.7:27017 timed out'), { name: 'MongoNetworkTimeoutError' });
const lost = Object.assign(new Error('connection 3 closed'), { name: 'MongoNetworkError' });

/** A model on which building the indexes ends with these errors first. */
const modelWith = (...errors: Error[]) => {
  const done: string[] = [];
  return {
    done,
    createCollection: async () => void done.push('collection') as never,
    createIndexes: async () => {
      done.push('indexes');
      const error = errors.shift();
      if (error !== undefined) throw error;
    },
  };
};

describe('building the indexes of a model', () => {
  it('waits again for an index that takes longer than the time limit of a command', async () => {
    const model = modelWith(late, late);
    await buildIndexesOf(model);
    expect(model.done).toEqual(['collection', 'indexes', 'indexes', 'indexes']);
  });

  it('fails on any other error', async () => {
    const model = modelWith(late, lost);
    await expect(buildIndexesOf(model)).rejects.toBe(lost);
    expect(model.done).toEqual(['collection', 'indexes', 'indexes']);
  });
});
