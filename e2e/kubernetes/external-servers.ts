import { randomBytes } from 'node:crypto';
import { createAuthority, issueCertificate } from '@webxterm/stack/pki';
import { type StreamCopies, streamCopies, streamsUrl } from '../support/stream-copies.ts';
import type { Kubectl } from './kubectl.ts';

// The parts that the operator brings to the production overlay: the Secrets of k8s/overlays/production-trial, and MongoDB's replica set and users.

const members = [0, 1, 2];
const databases = { auth: 'auth', 'agent-hub': 'agent_hub', terminal: 'terminal' };
const mongoHosts = members.map((member) => `external-mongo-${member}.external-mongo:27017`);
const natsNames = ['external-nats', ...members.map((member) => `external-nats-${member}.external-nats`)];

/** Three of MongoDB and three of NATS. */
export class ExternalServers {
  readonly #kubectl: Kubectl;
  readonly #rootPassword = randomBytes(24).toString('hex');
  readonly #passwords = new Map(Object.keys(databases).map((user) => [user, randomBytes(24).toString('hex')]));

  constructor(kubectl: Kubectl) {
    this.#kubectl = kubectl;
  }

  async bringSecrets(): Promise<void> {
    const authority = await createAuthority(Date.now());
    const { certificate, key } = await issueCertificate(authority, { names: natsNames, usage: 'server' }, Date.now());
    const secret = (name: string, stringData: Readonly<Record<string, string>>) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace: this.#kubectl.namespace },
      stringData,
    });
    await this.#kubectl.apply(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: this.#kubectl.namespace } },
      secret('external-servers', {
        'mongo-keyfile': randomBytes(384).toString('base64'),
        'nats.crt': certificate,
        'nats.key': key,
        'nats-ca.crt': authority.certificate,
      }),
      secret('webxterm-external', { 'nats-ca.crt': authority.certificate, ...this.#mongoUrls() }),
    );
  }

  /** The commands that docs/kubernetes.md asks of the operator, in mongosh. */
  async makeReplicaSet(): Promise<void> {
    await this.#kubectl.run('rollout', 'status', 'statefulset/external-mongo', '--timeout=240s');
    const config = { _id: 'rs0', members: mongoHosts.map((host, _id) => ({ _id, host })) };
    const users = Object.entries(databases).map(([user, db]) => ({
      user,
      pwd: this.#passwords.get(user),
      roles: ['readWrite', 'dbAdmin'].map((role) => ({ role, db })),
    }));
    const script = `
      rs.initiate(${JSON.stringify(config)});
      while (!db.hello().isWritablePrimary) sleep(100);
      const admin = db.getSiblingDB('admin');
      admin.createUser({ user: 'root', pwd: '${this.#rootPassword}', roles: ['root'] });
      admin.auth('root', '${this.#rootPassword}');
      for (const user of ${JSON.stringify(users)}) admin.createUser(user, { w: 'majority' });`;
    await this.#mongosh('external-mongo-0', script);
  }

  /** The pod that takes writes, as the others say. */
  async mongoPrimary(): Promise<string> {
    const said = await this.#mongosh('external-mongo-0', 'print(db.hello().primary)');
    return said.trim().split('.')[0] ?? '';
  }

  /** Those that have a leader. */
  async streams(): Promise<StreamCopies[]> {
    const seen = await Promise.all(members.map((member) => this.#streamsLedBy(`external-nats-${member}`)));
    return seen.flat();
  }

  async #streamsLedBy(server: string): Promise<StreamCopies[]> {
    const said = await this.#kubectl.run('exec', server, '--', 'wget', '-q', '-O', '-', streamsUrl);
    return streamCopies(said).filter(({ leader }) => leader === server);
  }

  #mongosh(pod: string, script: string): Promise<string> {
    return this.#kubectl.run('exec', pod, '--', 'mongosh', '--quiet', '--norc', '--eval', script);
  }

  #mongoUrls(): Record<string, string> {
    return Object.fromEntries(
      Object.entries(databases).map(([user, database]) => [
        `mongo-url-${user}`,
        `mongodb://${user}:${this.#passwords.get(user)}@${mongoHosts.join(',')}/${database}?replicaSet=rs0&authSource=admin`,
      ]),
    );
  }
}
