import type { Connection, Model } from 'mongoose';

/**
 * Creates the collections and indexes of all models of this connection. It must run before ready, so that unique indexes are enforced from
 * the first write.
 */
export const buildIndexes = async (connection: Connection): Promise<void> => {
  for (const model of Object.values(connection.models)) await buildIndexesOf(model);
};

/** Creates the collection and the indexes of one model. Resolves when they are complete. */
export const buildIndexesOf = async (
  model: Pick<Model<unknown>, 'createCollection' | 'createIndexes'>,
): Promise<void> => {
  await model.createCollection();
  for (;;) {
    try {
      await model.createIndexes();
      return;
    } catch (error) {
      // An index of a large collection takes longer than the time limit of a command. The server goes on building it, and the same
      // command waits for it again.
      if (!(error instanceof Error) || error.name !== 'MongoNetworkTimeoutError') throw error;
    }
  }
};
