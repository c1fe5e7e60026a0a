import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { projectFolder } from '../project-folder.ts';

const Probe = z.looseObject({ exec: z.object({ command: z.tuple([z.literal('sh'), z.literal('-c'), z.string()]) }) });
const NatsServer = z.looseObject({
  kind: z.literal('StatefulSet'),
  spec: z.looseObject({
    template: z.looseObject({
      spec: z.looseObject({ containers: z.tuple([z.looseObject({ livenessProbe: Probe })]) }),
    }),
  }),
});

const manifest = readFileSync(join(projectFolder, 'k8s/components/in-cluster-servers/nats.yaml'), 'utf8');
const [server] = parseAllDocuments(manifest)
  .map((document) => NatsServer.safeParse(document.toJS()).data)
  .filter((found) => found !== undefined);
const command = server?.spec.template.spec.containers[0].livenessProbe.exec.command ?? [];

/** The programs of the image that the probe asks: what /healthz answers (nothing: no answer), and the free KiB of the disk. */
const programs = {
  wget: '[ "$HEALTHZ" = ok ]',
  nc: 'cat > /dev/null; [ -n "$HEALTHZ" ] && echo "$HEALTHZ"',
  df: '[ "$*" = "-Pk /data" ] && printf "Filesystem 1024-blocks Used Available Capacity Mounted on\\n/dev/sda 2097152 1 $FREE 99%% /data\\n"',
};

const folder = mkdtempSync(join(tmpdir(), 'webxterm-liveness-'));
beforeAll(() => {
  for (const [name, text] of Object.entries(programs))
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
});
afterAll(() => rmSync(folder, { recursive: true }));

const isAlive = (healthz: string, free: number): boolean => {
  const [program = '', ...words] = command;
  const env = { PATH: [folder, '/usr/bin', '/bin'].join(delimiter), HEALTHZ: healthz, FREE: String(free) };
  const { status, stderr } = spawnSync(program, words, { env, encoding: 'utf8' });
  expect(stderr).toBe('');
  return status === 0;
};

const writeError =
  '{"status":"error","error":"JetStream stream \'$G > KV_signins\' write error: no space left on device"}';

describe('the liveness probe of NATS in Kubernetes', () => {
  it.each([
    ['goes on while it is healthy', 'ok', 0, true],
    ['goes on after a write error while the disk is full', writeError, 16_383, true],
    ['has it started again once the disk has space', writeError, 16_384, false],
    ['has it started again on any other error, whatever the disk', '{"status":"unavailable"}', 0, false],
    ['has it started again when it does not answer', '', 0, false],
  ])('%s', (_what, healthz, free, alive) => {
    expect(isAlive(healthz, free)).toBe(alive);
  });
});
