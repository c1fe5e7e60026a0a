import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectFolder } from '../project-folder.ts';
import { handedSecrets } from './handed-secrets.ts';

const handed = handedSecrets((name) => `value-of-${name}`, 'https://term.example.org', 'the CA');
const compose = readFileSync(join(projectFolder, 'docker-compose.yml'), 'utf8');
const prometheus = readFileSync(join(projectFolder, 'observability/prometheus.yml'), 'utf8');

const holdersOf = (secret: string): string[] =>
  handed
    .filter(({ secrets, derived }) =>
      [...secrets.map((name) => `value-of-${name}`), ...Object.values(derived)]
        .join('\n')
        .includes(`value-of-${secret}`),
    )
    .map(({ folder }) => folder);

describe('the secrets of the containers', () => {
  it('contain each key only for the services that need it', () => {
    expect(holdersOf('root-key')).toEqual(['auth']);
    expect(holdersOf('admin-password')).toEqual(['auth']);
    expect(holdersOf('ticket-key')).toEqual(['terminal']);
    expect(holdersOf('link-key')).toEqual(['agent-hub']);
    expect(holdersOf('jwt-keys')).toEqual(['auth', 'agent-hub', 'terminal']);
    expect(holdersOf('mongo-keyfile')).toEqual(['mongo']);
    expect(holdersOf('mongo-root')).toEqual([]);
    expect(holdersOf('nats-init')).toEqual(['nats']);
  });

  it('contain only the own MongoDB and NATS user of each service', () => {
    for (const user of ['auth', 'agent-hub', 'terminal']) {
      expect(holdersOf(`mongo-${user}`)).toEqual([user]);
      expect(holdersOf(`nats-${user}`)).toEqual([user, 'nats']);
    }
  });

  it('name three servers of each kind if there are three, and let only NATS join NATS', () => {
    const mongo = ['mongo:27017', 'mongo-2:27017', 'mongo-3:27017'];
    const nats = ['nats:4222', 'nats-2:4222', 'nats-3:4222'];
    const three = handedSecrets((name) => `value-of-${name}`, 'https://term.example.org', 'the CA', { mongo, nats });
    const holders = three.map((holder) => ({ ...holder, text: Object.values(holder.derived).join('\n') }));
    expect(holders.find(({ folder }) => folder === 'auth')?.derived['mongo-url']).toContain(`@${mongo.join()}/auth?`);
    expect(holders.filter(({ text }) => text.includes('value-of-nats-route')).map(({ folder }) => folder)).toEqual([
      'nats',
    ]);
    const own = holders.find(({ folder }) => folder === 'nats');
    expect(own?.certificates.server?.names).toEqual(['nats', 'nats-2', 'nats-3']);
    expect(own?.text.match(/nats-route:\/\/route:value-of-nats-route@nats(-\d)?:6222/g)).toHaveLength(3);
    expect(holdersOf('nats-route')).toEqual([]);
  });

  it('are read by docker-compose.yml, each file by a container of the right user', () => {
    const read = [...(compose + prometheus).matchAll(/\/secrets\/([a-z-]+)\/([a-z.-]+)/g)].map(
      ([, folder, file]) => `${folder}/${file}`,
    );
    const given = handed.flatMap(({ folder, secrets, derived, certificates }) =>
      [...secrets, ...Object.keys(derived), ...Object.keys(certificates)].map((file) => `${folder}/${file}`),
    );
    // nats.conf names the folder of its certificate. The gateway's certificate is for installations that enable TLS, users.conf is for an
    // external NATS.
    // The release of the agent, see handed-release.ts.
    const folders = [...given, 'gateway/agent', 'agent-hub/agent'];
    expect([...new Set(read), 'nats/server', 'nats/users.conf', 'gateway/door'].sort()).toEqual(folders.sort());
    for (const { folder, uid } of handed) {
      const [, service = ''] = compose.split(`\n  ${folder}:\n`);
      expect(service.split(/\n {2}\S/)[0]).toContain(`user: "${uid}:${uid}"`);
    }
  });
});
