import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { projectFolder } from '../project-folder.ts';

const Compose = z.object({
  services: z.record(
    z.string(),
    z.looseObject({
      user: z.string(),
      read_only: z.boolean(),
      cap_drop: z.array(z.string()),
      cap_add: z.array(z.string()).default([]),
      security_opt: z.array(z.string()),
      privileged: z.boolean().default(false),
      environment: z.record(z.string(), z.unknown()).default({}),
      image: z.string(),
      build: z.unknown().optional(),
      depends_on: z.record(z.string(), z.unknown()).default({}),
    }),
  ),
});

const file = readFileSync(join(projectFolder, 'docker-compose.yml'), 'utf8');
const services = Object.entries(Compose.parse(parse(file, { merge: true })).services);
const threeOfEach = z
  .object({ services: z.record(z.string(), z.looseObject({ extends: z.object({ service: z.string() }).optional() })) })
  .parse(parse(readFileSync(join(projectFolder, 'docker-compose.ha.yml'), 'utf8'), { merge: true }));

/** One-shot containers of the set-up. They may run as root, because they give files to the users of the other containers. */
const setUp = ['secrets', 'init', 'demo-init', 'backup', 'restore'];

describe('every container of docker-compose.yml', () => {
  it.each(services)('%s has a read-only root, no capability and no way to gain rights', (name, service) => {
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], privileged: false });
    expect(service.security_opt).toContain('no-new-privileges:true');
    if (setUp.includes(name)) return;
    expect([service.cap_add, service.user.startsWith('0:')]).toEqual([[], false]);
  });

  it.each(services)('%s is given its secrets by path', (_name, { environment }) => {
    const secret = Object.keys(environment).filter((key) => /KEY|TOKEN|PASSWORD|MONGO_URL|SECRET/.test(key));
    expect(secret.filter((key) => !key.endsWith('_FILE'))).toEqual([]);
  });
});

describe('an upgrade', () => {
  it('builds each image once: a tag that moved on would recreate the containers of the build before', () => {
    const built = services.filter(([, { build }]) => build !== undefined).map(([, { image }]) => image);
    expect(built).toEqual([...new Set(built)]);
  });

  it('leaves alone what did not change: only set-up depends on set-up or on a server, and nothing on a service', () => {
    // When Compose before 2.34 recreates a container, it also recreates all that depend on it.
    const dependsOn = Object.fromEntries(services.map(([name, service]) => [name, Object.keys(service.depends_on)]));
    const afterSetUp = Object.fromEntries(
      ['auth', 'agent-hub', 'terminal', 'gateway', 'demo-init'].map((name) => [name, ['init']]),
    );
    expect(dependsOn).toEqual({
      ...afterSetUp,
      jaeger: [],
      backup: [],
      restore: [],
      secrets: [],
      mongo: [],
      nats: [],
      init: ['secrets', 'mongo', 'nats'],
      demo: ['demo-init'],
      prometheus: [],
      grafana: [],
    });
  });
});

it('every Node of the images, of Compose and of the npm scripts opens no debugger at SIGUSR1', () => {
  const files = [
    'Dockerfile',
    'docker-compose.yml',
    'docker-compose.ha.yml',
    'docker-compose.tls.yml',
    'k8s/components/demo/demo.yaml',
    'package.json',
    'scripts/upgrade-compose.sh',
    ...['agent-hub', 'gateway', 'terminal'].map((service) => `services/${service}/package.json`),
  ];
  // Commands that start a main program, as a shell line or as a list.
  const starts = /\bnode(?:"?, ?"?| )(?!_modules)[^&\n]*?(?:main|operator|audit-verify|demo|migrate)\.ts/g;
  const found = files.flatMap((name) => readFileSync(join(projectFolder, name), 'utf8').match(starts) ?? []);
  expect(found.length).toBeGreaterThanOrEqual(12);
  expect(found.filter((start) => !start.includes('--disable-sigusr1') && !start.includes('bench'))).toEqual([]);
});

it('gives the public URL, other origins and trusted proxies of the environment or .env to the services that need them', () => {
  const environmentOf = Object.fromEntries(services.map(([name, { environment }]) => [name, environment]));
  for (const name of ['auth', 'terminal', 'gateway', 'secrets', 'demo-init'])
    expect([name, environmentOf[name]?.PUBLIC_URL]).toEqual([
      name,
      expect.stringMatching(/^\$\{WEBXTERM_PUBLIC_URL:-/),
    ]);
  const origins = expect.stringMatching(/^\$\{WEBXTERM_EXTRA_ORIGINS:-\}$/);
  expect(environmentOf).toMatchObject({
    auth: { EXTRA_ORIGINS: origins },
    gateway: { EXTRA_ORIGINS: origins, TRUSTED_PROXIES: expect.stringMatching(/^\$\{WEBXTERM_TRUSTED_PROXIES:-\}$/) },
  });
});

it('docker-compose.ha.yml adds containers with the rights of those that they extend, and gives no others', () => {
  const known = services.map(([name]) => name);
  for (const [name, service] of Object.entries(threeOfEach.services)) {
    expect(known).toContain(service.extends?.service ?? name);
    const may = ['extends', 'hostname', 'command', 'volumes', 'environment', 'depends_on'];
    expect(Object.keys(service).filter((key) => !may.includes(key))).toEqual([]);
  }
});
