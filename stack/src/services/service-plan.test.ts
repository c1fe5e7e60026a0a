import { describe, expect, it } from 'vitest';
import { type PlanFacts, planServices } from './service-plan.ts';

const facts: PlanFacts = {
  ports: {
    gateway: { http: 8080, health: 1 },
    auth: [
      { http: 10, health: 11 },
      { http: 12, health: 13 },
    ],
    hub: [
      { http: 20, health: 21, grpc: 8081, internal: 22 },
      { http: 23, health: 24, grpc: 8082, internal: 25 },
    ],
    terminal: [
      { http: 30, health: 31 },
      { http: 32, health: 33 },
    ],
  },
  host: '127.0.0.1',
  publicUrl: 'http://127.0.0.1:8080',
  extraOrigins: ['https://a.example', 'https://b.example'],
  trustedProxies: '10.0.0.0/8',
  webDir: '/web',
  agentDir: '/data/agent-release',
  adminEmail: 'admin@example.com',
  signup: 'open',
  logLevel: 'info',
  tracing: {},
  installationId: 'abc',
  commit: undefined,
  natsUrl: '127.0.0.1:4222',
  tls: undefined,
  stackUser: 'me',
  secretFile: (name) => `/secrets/${name}`,
  signinKeysFile: '/secrets/signin-keys',
  recordingKeysFile: '/secrets/recording-keys',
  mongoUrlFile: (user) => `/secrets/mongo-url-${user}`,
};

const environmentOf = (name: string): Readonly<Record<string, string>> =>
  planServices(facts).find((service) => service.name === name)?.environment ?? {};

describe('the services of a stack', () => {
  it('start in the order auth, hub, terminal, gateway, with one gateway', () => {
    expect(planServices(facts).map((service) => service.name)).toEqual([
      'auth-1',
      'auth-2',
      'agent-hub-1',
      'agent-hub-2',
      'terminal-1',
      'terminal-2',
      'gateway-1',
    ]);
  });

  it('are known to the gateway with all their instances', () => {
    expect(environmentOf('gateway-1')).toMatchObject({
      AUTH_URLS: 'http://127.0.0.1:10,http://127.0.0.1:12',
      TERMINAL_HEALTH_URLS: 'http://127.0.0.1:31,http://127.0.0.1:33',
      GRPC_ADDRESSES: '127.0.0.1:8081,127.0.0.1:8082',
    });
  });

  it('know the public address, other origins, and the gateway the trusted proxies', () => {
    const address = { PUBLIC_URL: facts.publicUrl, EXTRA_ORIGINS: 'https://a.example,https://b.example' };
    expect(environmentOf('auth-2')).toMatchObject(address);
    expect(environmentOf('terminal-1')).toMatchObject({ PUBLIC_URL: facts.publicUrl });
    expect(environmentOf('gateway-1')).toMatchObject({ ...address, TRUSTED_PROXIES: '10.0.0.0/8' });
  });

  it('know their own users, and the gateway neither database nor bus', () => {
    expect(environmentOf('agent-hub-2')).toMatchObject({
      NATS_USER: 'agent-hub',
      NATS_PASSWORD_FILE: '/secrets/nats-agent-hub',
      MONGO_URL_FILE: '/secrets/mongo-url-agent-hub',
      GRPC_PORT: '8082',
    });
    expect(Object.keys(environmentOf('gateway-1')).filter((name) => /NATS|MONGO|JWT/.test(name))).toEqual([]);
  });

  it('get every secret by path', () => {
    for (const { environment } of planServices(facts))
      for (const [name, value] of Object.entries(environment))
        if (/KEY|TOKEN|PASSWORD|MONGO_URL/.test(name)) {
          expect(name).toMatch(/_FILE$/);
          expect(value).toMatch(/^\/secrets\//);
        }
  });
});
