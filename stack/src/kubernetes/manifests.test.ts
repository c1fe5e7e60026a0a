import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { handedSecrets } from '../installation/handed-secrets.ts';
import { projectFolder } from '../project-folder.ts';

const Container = z.looseObject({
  name: z.string(),
  image: z.string(),
  imagePullPolicy: z.literal('IfNotPresent'),
  env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })).default([]),
  resources: z.looseObject({
    requests: z.strictObject({ cpu: z.string(), memory: z.string() }),
    limits: z.strictObject({ memory: z.string() }),
  }),
  securityContext: z.strictObject({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    capabilities: z.strictObject({ drop: z.tuple([z.literal('ALL')]) }),
  }),
});
const Pod = z.looseObject({
  securityContext: z.looseObject({
    runAsNonRoot: z.literal(true),
    runAsUser: z.number().min(1),
    seccompProfile: z.strictObject({ type: z.literal('RuntimeDefault') }),
  }),
  priorityClassName: z.literal('webxterm'),
  initContainers: z.array(Container).default([]),
  containers: z.array(Container),
});
const Resource = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({}).optional(),
  rules: z.array(z.looseObject({ resourceNames: z.array(z.string()).optional() })).optional(),
});

const folder = join(projectFolder, 'k8s');
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.yaml'));
const resources = files
  .filter((file) => !/kustomization|external-servers/.test(file))
  .flatMap((file) =>
    parseAllDocuments(readFileSync(join(folder, file), 'utf8')).map((document) => {
      expect(document.errors).toEqual([]);
      return Resource.parse(document.toJS());
    }),
  );

const Template = z.looseObject({ template: z.looseObject({ spec: z.unknown() }) });
const CronJob = z.looseObject({ jobTemplate: z.looseObject({ spec: Template }) });
const pods = resources.flatMap(({ kind, metadata, spec }) => {
  if (kind === 'CronJob') return [{ name: metadata.name, pod: CronJob.parse(spec).jobTemplate.spec.template.spec }];
  if (!['Deployment', 'StatefulSet', 'Job'].includes(kind)) return [];
  return [{ name: metadata.name, pod: Template.parse(spec).template.spec }];
});

const services = ['auth', 'agent-hub', 'terminal', 'gateway'];
const text = (file: string): string => readFileSync(join(folder, file), 'utf8');

describe('every pod', () => {
  it.each(pods)('of $name is restricted, bounded and requests what it needs', ({ pod }) => {
    expect(() => Pod.parse(pod)).not.toThrow();
  });

  it('runs an image with a fixed version', () => {
    const versions = files.map(text).join('\n');
    for (const image of new Set(pods.flatMap(({ pod }) => Pod.parse(pod).containers.map((one) => one.image))))
      if (image.startsWith('webxterm/')) expect(versions).toContain(`{ name: ${image}, newTag: `);
      else expect(image).toMatch(/:\d/);
    expect(versions).not.toContain(':latest');
  });

  it('may talk along a policy of its own', () => {
    const policies = resources.filter(({ kind }) => kind === 'NetworkPolicy').map(({ metadata }) => metadata.name);
    expect(policies).toContain('default-deny');
    for (const { name } of pods) expect(policies).toContain(name === 'renew-certificates' ? 'set-up' : name);
  });
});

describe('a service', () => {
  it.each(services)('%s has several instances, probes, a budget and time to end', (name) => {
    const file = text(`base/${name}.yaml`);
    for (const needed of [
      'replicas: 2',
      'path: /readyz',
      'path: /livez',
      'kind: PodDisruptionBudget',
      'preStop',
      'terminationGracePeriodSeconds: 45',
      'topologySpreadConstraints',
    ])
      expect(file).toContain(needed);
  });
});

describe('the Secrets', () => {
  const handed = handedSecrets(() => 'value', 'https://term.example.org', 'CA');
  const names = handed.flatMap(({ folder: holder, certificates }) => [
    `webxterm-${holder}`,
    ...Object.keys(certificates).map((name) => `webxterm-${holder}-${name}`),
  ]);

  it('that set-up may write are those that there are', () => {
    const role = resources.find(({ kind }) => kind === 'Role');
    const allowed = role?.rules?.flatMap(({ resourceNames }) => resourceNames ?? []) ?? [];
    expect(allowed.toSorted()).toEqual(
      [...names, 'webxterm-made', 'webxterm-gateway-agent', 'webxterm-agent-hub-agent'].toSorted(),
    );
  });

  it.each(services)('of %s are what it reads, and no other service has them', (service) => {
    const file = text(`base/${service}.yaml`);
    const mounted = [...file.matchAll(/name: (webxterm-[a-z-]+)/g)].map(([, name]) => name);
    expect(mounted.toSorted()).toEqual(
      names.filter((name) => new RegExp(`^webxterm-${service}(-|$)`).test(name)).toSorted(),
    );
    const own = handed.find(({ folder: holder }) => holder === service);
    const given = [
      ...(own?.secrets ?? []),
      ...Object.keys(own?.derived ?? {}),
      ...Object.keys(own?.certificates ?? {}),
    ];
    const read = [...file.matchAll(/value: \/secrets\/[a-z-]+\/([a-z.-]+)/g)].map(([, name]) => name);
    // The gateway's certificate is for installations that terminate TLS at the gateway.
    expect(new Set([...read, ...(service === 'gateway' ? ['door'] : [])])).toEqual(new Set(given));
  });
});

describe('the production overlay', () => {
  it.each(['auth', 'agent-hub', 'terminal'])('gives %s the URL of its own database and of no other', (service) => {
    const file = text(`overlays/production/external-servers-${service}.yaml`);
    expect([...file.matchAll(/key: ([a-z.-]+)/g)].map(([, key]) => key)).toEqual([
      `mongo-url-${service}`,
      'nats-ca.crt',
    ]);
    // The base must define these names, otherwise a patch with a misspelt name would add a second one.
    for (const name of ['MONGO_URL_FILE', 'NATS_CA_FILE'])
      for (const of of [file, text(`base/${service}.yaml`)]) expect(of).toContain(`{ name: ${name}, value: `);
  });

  it('leaves the number of pods to the autoscaler, which has one for each service', () => {
    const scaled = resources
      .filter(({ kind }) => kind === 'HorizontalPodAutoscaler')
      .map(({ metadata }) => metadata.name);
    expect(scaled.toSorted()).toEqual(services.toSorted());
    expect(text('overlays/production/kustomization.yaml')).toContain('{ op: remove, path: /spec/replicas }');
  });
});
