import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { type BusUser, inboxPrefix } from '@webxterm/contracts/bus';
import { createLogger, Shutdown } from '@webxterm/shared';
import { connectMongo } from '@webxterm/shared/mongo';
import { firstBusError } from '@webxterm/shared/testing';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { StackFailure } from '../failure.ts';
import { Secrets } from '../secrets/secrets.ts';
import { type Servers, startServers } from '../test-servers.ts';
import { databaseOf, type MongoUser, mongoUsers } from './mongo-users.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'webxterm-servers-'));
let servers: Servers;

beforeAll(async () => {
  servers = await startServers({ dataDir });
});
afterAll(async () => {
  await servers.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const withMongo = async <T>(url: string, use: (client: MongoClient) => Promise<T>): Promise<T> => {
  const client = await new MongoClient(url, { serverSelectionTimeoutMS: 10_000 }).connect();
  try {
    return await use(client);
  } finally {
    await client.close();
  }
};

const withBus = async <T>(user: BusUser, use: (bus: NatsConnection) => Promise<T>): Promise<T> => {
  const pass = servers.natsPassword(user);
  const bus = await connect({ servers: servers.natsUrl, user, pass, inboxPrefix: inboxPrefix(user), reconnect: false });
  try {
    return await use(bus);
  } finally {
    await bus.close();
  }
};

/** The server reports a denied publish as an error on the connection, visible as a status. */
const publishIsDenied = (user: BusUser, subject: string): Promise<boolean> =>
  withBus(user, async (bus) => {
    const error = firstBusError(bus);
    bus.publish(subject, 'x');
    await bus.flush();
    // The error arrives before the reply to the flush. Without an error, the close status ends the loop.
    await bus.close();
    return /permissions violation/i.test(await error);
  });

const subscribeIsDenied = (user: BusUser, subject: string): Promise<boolean> =>
  withBus(user, async (bus) => {
    const refused = new Promise<boolean>((resolve) => {
      bus.subscribe(subject, { callback: (error) => resolve(error !== null) });
    });
    await bus.flush();
    return Promise.race([refused, new Promise<boolean>((resolve) => setImmediate(() => resolve(false)))]);
  });

describe('MongoDB', () => {
  it.each(mongoUsers)('lets %s read and write its own database, with transactions', async (user) => {
    await withMongo(servers.mongoUrl(user), async (client) => {
      await client.withSession((session) =>
        session.withTransaction(async () => {
          await client.db().collection('kept').insertOne({ by: user }, { session });
        }),
      );
      expect(await client.db().collection('kept').countDocuments({ by: user })).toBe(1);
    });
  });

  const pairs = mongoUsers.flatMap((user) =>
    mongoUsers.filter((other) => other !== user).map((other): [MongoUser, MongoUser] => [user, other]),
  );
  it.each(pairs)('lets %s neither read nor write the database of %s', async (user, other) => {
    await withMongo(servers.mongoUrl(user), async (client) => {
      const collection = client.db(databaseOf(other)).collection('kept');
      await expect(collection.findOne({})).rejects.toThrow(/not authorized/);
      await expect(collection.insertOne({})).rejects.toThrow(/not authorized/);
    });
  });

  it('may have no users yet when a service connects during its start', async () => {
    const said = ['MongoDB is not there yet', 'MongoDB has started and rejects the user'].map((text) => ({
      text,
      ...Promise.withResolvers<void>(),
    }));
    const write = (line: string): void => {
      for (const { text, resolve } of said) if (line.includes(text)) resolve();
    };
    const logger = createLogger({ service: 'test' }, { write });
    const shutdown = new Shutdown(logger);
    const urlOf = (user: string, password: string): string =>
      servers.mongoUrl('auth').replace(/\/\/[^@]*@/, `//${user}:${password}@`);
    await servers.mongod.stop();
    const connected = connectMongo({ url: urlOf('late', 'late'), logger, shutdown });
    await said[0]?.promise;
    await servers.mongod.start();
    await said[1]?.promise;
    const root = new Secrets(join(dataDir, 'secrets')).read('mongo-root');
    await withMongo(urlOf('root', root), (client) =>
      client.db('admin').command({ createUser: 'late', pwd: 'late', roles: [{ role: 'read', db: 'auth' }] }),
    );
    await connected;
    await shutdown.run();
  });

  it('refuses a connection without a password', async () => {
    const url = servers.mongoUrl('auth').replace(/\/\/[^@]*@/, '//');
    await withMongo(url, async (client) => {
      await expect(client.db('auth').collection('kept').findOne({})).rejects.toThrow(/requires authentication/);
    });
  });
});

describe('NATS', () => {
  it.each<[BusUser, string]>([
    ['terminal', 'auth.apikey.rotated'],
    ['terminal', 'auth.apikey.verify'],
    ['terminal', '$KV.signins.someone'],
    ['terminal', '$KV.presence.hubs.h1'],
    ['terminal', 'machines.ag_1.stats'],
    ['agent-hub', '$KV.signins.someone'],
    ['agent-hub', 'auth.user.changed'],
    ['agent-hub', 'terminal.session.opened'],
    ['agent-hub', '$JS.API.STREAM.DELETE.KV_signins'],
    ['auth', '$KV.presence.agents.ag_1'],
    ['auth', '$JS.API.STREAM.PURGE.AUDIT'],
    ['auth', 'machines.authorize'],
    ['init', 'auth.apikey.rotated'],
    ['terminal', 'terminal.session.opened'],
    ['terminal', '$JS.API.CONSUMER.CREATE.EVENTS.mine.auth.user.changed'],
    // A consumer with any config.
    ['agent-hub', '$JS.API.CONSUMER.CREATE.EVENTS'],
    ['agent-hub', '$JS.API.CONSUMER.CREATE.EVENTS.mine'],
    ['agent-hub', '$JS.API.CONSUMER.CREATE.EVENTS.mine.terminal.session.*'],
    ['agent-hub', '$JS.API.CONSUMER.DURABLE.CREATE.EVENTS.mine'],
    ['terminal', '$JS.API.CONSUMER.CREATE.KV_signins'],
    // The reply would go to any reply subject, including one of the allow-list.
    ['terminal', '$JS.API.DIRECT.GET.KV_signins.$KV.signins.s.of-an-admin'],
    ['terminal', '$JS.API.DIRECT.GET.KV_presence'],
    ['agent-hub', '$JS.API.DIRECT.GET.KV_signins.$KV.signins.s.of-an-admin'],
    ['agent-hub', '$JS.API.DIRECT.GET.KV_presence.$KV.presence.agents.ag_1'],
  ])('denies %s to publish %s', async (user, subject) => {
    expect(await publishIsDenied(user, subject)).toBe(true);
  });

  it.each<[BusUser, string]>([
    ['terminal', 'auth.>'],
    ['terminal', 'auth.apikey.verify'],
    ['terminal', '_INBOX_auth.>'],
    ['agent-hub', 'auth.apikey.verify'],
    ['agent-hub', '_INBOX_terminal.>'],
    ['auth', 'machines.authorize'],
    ['auth', '>'],
    ['init', '>'],
  ])('denies %s to subscribe to %s', async (user, subject) => {
    expect(await subscribeIsDenied(user, subject)).toBe(true);
  });

  it.each<[BusUser, string]>([
    ['auth', 'auth.user.changed'],
    ['agent-hub', 'machines.ag_1.stats'],
    ['terminal', 'terminal.open'],
  ])('lets %s publish its own %s', async (user, subject) => {
    expect(await publishIsDenied(user, subject)).toBe(false);
  });

  it.each(['$KV.signins.s.of-my-own-making', 'audit.auth.login', 'auth.user.changed', '_INBOX_terminal.x'])(
    'denies agent-hub to ask itself with %s as the reply subject, and to answer',
    async (reply) => {
      const denied = await withBus('agent-hub', async (bus) => {
        const error = firstBusError(bus);
        const answered = new Promise<void>((resolve) => {
          bus.subscribe('hubs.mine.command', {
            callback: (_, message) => {
              message.respond('{}');
              resolve();
            },
          });
        });
        bus.publish('hubs.mine.command', '{}', { reply });
        await answered;
        await bus.flush();
        await bus.close();
        return error;
      });
      expect(denied).toMatch(/permissions violation/i);
    },
  );

  it('refuses a wrong password', async () => {
    await expect(
      connect({ servers: servers.natsUrl, user: 'auth', pass: 'guess', reconnect: false }),
    ).rejects.toThrow();
  });
});

describe('the data folder', () => {
  it('is accessible to its owner only, with every file in it', () => {
    const open = readdirSync(dataDir, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.parentPath.startsWith(join(dataDir, 'mongo')))
      .filter((entry) => !entry.parentPath.startsWith(join(dataDir, 'nats')))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => (statSync(path).mode & 0o077) !== 0);
    expect(open).toEqual([]);
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
  });

  it('is refused to a second start, which names the process that uses it', async () => {
    const second = startServers({ dataDir });
    await expect(second).rejects.toThrow(StackFailure);
    await expect(second).rejects.toThrow(new RegExp(`in use by the process ${process.pid}`));
  });
});

const portsOf = (...urls: string[]): number[] => urls.map((url) => Number(/:(\d+)(?:\/|$)/.exec(url)?.[1]));

/** Listens on those of the ports on which nobody listens already. Returns a function that frees them. */
const occupy = async (ports: readonly number[]): Promise<() => void> => {
  const listeners = await Promise.all(
    ports.map(
      (port) =>
        new Promise<() => void>((resolve, reject) => {
          const server = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1', () =>
            resolve(() => server.close()),
          );
          server.once('error', (error: NodeJS.ErrnoException) =>
            error.code === 'EADDRINUSE' ? resolve(() => {}) : reject(error),
          );
        }),
    ),
  );
  return () => {
    for (const close of listeners) close();
  };
};

describe('faults', () => {
  it('a killed server is restarted on its port with its data', async () => {
    const urls = [servers.mongoUrl('auth'), servers.natsUrl];
    await Promise.all([servers.mongod.kill(), servers.nats.kill()]);
    expect([servers.mongoUrl('auth'), servers.natsUrl]).toEqual(urls);
    await withMongo(servers.mongoUrl('auth'), async (client) => {
      expect(await client.db().collection('kept').countDocuments({ by: 'auth' })).toBe(1);
    });
    expect(await publishIsDenied('auth', 'auth.user.changed')).toBe(false);
  });

  it('a NATS server that could not write accepts writes again after its disk does', async () => {
    const { nats } = servers;
    const pid = nats.pid;
    // Simulates a full disk: files cannot grow. The restarted process does not have this limit.
    execFileSync('prlimit', ['--pid', String(pid), '--fsize=0:']);
    const store = (): Promise<boolean> =>
      withBus('auth', (bus) =>
        bus.request('audit_checkpoints', '{}', { timeout: 1000 }).then(
          (answer) => !('error' in answer.json<object>()),
          () => false,
        ),
      );
    expect(await store()).toBe(false);
    await vi.waitFor(async () => expect(await store()).toBe(true), { timeout: 30_000, interval: 200 });
    expect(nats.pid).not.toBe(pid);
  });

  it('all data is available after a restart, also on other ports', async () => {
    const before = { mongo: servers.mongoUrl('auth'), nats: servers.natsUrl };
    await servers.stop();
    const occupied = await occupy(portsOf(before.mongo, before.nats));
    servers = await startServers({ dataDir });
    expect(servers.mongoUrl('auth')).not.toBe(before.mongo);
    expect(servers.natsUrl).not.toBe(before.nats);
    await withMongo(servers.mongoUrl('auth'), async (client) => {
      expect(await client.db().collection('kept').countDocuments({ by: 'auth' })).toBe(1);
    });
    occupied();
  });

  it('two sets run side by side without an effect on each other', async () => {
    const other = mkdtempSync(join(tmpdir(), 'webxterm-servers-'));
    const second = await startServers({ dataDir: other });
    try {
      expect(second.natsPassword('auth')).not.toBe(servers.natsPassword('auth'));
      await withMongo(second.mongoUrl('auth'), async (client) => {
        expect(await client.db().collection('kept').countDocuments()).toBe(0);
      });
    } finally {
      await second.stop();
      rmSync(other, { recursive: true, force: true });
    }
  });
});
