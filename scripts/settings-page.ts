import { readFileSync } from 'node:fs';
import { type DescribedSetting, describeSettings } from '@webxterm/shared';
import type { z } from 'zod';
import { describeAgentConfig } from '../clients/agent/src/configuration/described-config.ts';
import { hubShape } from '../services/agent-hub/src/settings.ts';
import { authShape, operatorShape, verifyShape } from '../services/auth/src/settings.ts';
import { gatewayShape } from '../services/gateway/src/settings.ts';
import { terminalShape } from '../services/terminal/src/settings.ts';
import {
  agentPackagesShape,
  dataServersShape,
  demoShape,
  kubernetesShape,
  publicUrlShape,
} from '../stack/src/set-up-settings.ts';
import { startShape } from '../stack/src/settings.ts';

const root = new URL('../', import.meta.url);

/** The programs that read their settings by `readConfig`, or by a schema of their own, with the files that hold the shapes. */
export const programs: readonly { readonly name: string; readonly file: string; readonly shape: z.core.$ZodShape }[] = [
  { name: 'gateway', file: 'services/gateway/src/settings.ts', shape: gatewayShape },
  { name: 'auth', file: 'services/auth/src/settings.ts', shape: authShape },
  { name: 'agent-hub', file: 'services/agent-hub/src/settings.ts', shape: hubShape },
  { name: 'terminal', file: 'services/terminal/src/settings.ts', shape: terminalShape },
];

const setUpPrograms: typeof programs = [
  { name: '`npm run admin`, run by itself', file: 'services/auth/src/settings.ts', shape: operatorShape },
  { name: '`npm run audit:verify`, run by itself', file: 'services/auth/src/settings.ts', shape: verifyShape },
  { name: 'Compose: `secrets`, `demo`', file: 'stack/src/set-up-settings.ts', shape: publicUrlShape },
  { name: 'Compose: `secrets`, `init`', file: 'stack/src/set-up-settings.ts', shape: dataServersShape },
  { name: 'Compose: `secrets`', file: 'stack/src/set-up-settings.ts', shape: agentPackagesShape },
  { name: 'Kubernetes: set-up', file: 'stack/src/set-up-settings.ts', shape: kubernetesShape },
  { name: 'Kubernetes: demo machine', file: 'stack/src/set-up-settings.ts', shape: demoShape },
];

interface Line extends DescribedSetting {
  readonly readers: readonly string[];
}

/** One line for each setting and meaning, with all programs that read it so. */
const merged = (of: typeof programs): Line[] => {
  const lines = new Map<string, Line>();
  for (const { name: reader, shape } of of)
    for (const setting of describeSettings(shape)) {
      const key = JSON.stringify(setting);
      lines.set(key, { ...setting, readers: [...(lines.get(key)?.readers ?? []), reader] });
    }
  return [...lines.values()].toSorted(
    (one, other) => one.name.localeCompare(other.name, 'en') || one.readers.length - other.readers.length,
  );
};

const standardOf = ({ standard, required }: { standard: string | undefined; required: boolean }): string =>
  required ? '**required**' : (standard ?? '');

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');

const settingsTable = (lines: readonly Line[], withReaders: boolean): string =>
  table(
    ['setting', 'default', 'allowed', 'meaning', ...(withReaders ? ['read by'] : [])],
    lines.map((line) => [
      `\`${line.name}\``,
      standardOf(line),
      line.allowed,
      line.meaning,
      ...(withReaders ? [line.readers.join('; ')] : []),
    ]),
  );

const everyService = (line: Line): boolean => line.readers.length === programs.length;

const read = (file: string): string => readFileSync(new URL(file, root), 'utf8');
const composeFiles = ['docker-compose.yml', 'docker-compose.tls.yml'];

/** The default of `${NAME:-default}`, with the variables within it; '' where there is none. */
const composeDefault = (name: string, text: string): string => {
  const start = text.indexOf(`\${${name}:-`);
  if (start === -1) return '';
  const from = start + name.length + 4;
  let depth = 1;
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '}') depth -= 1;
    if (text.startsWith('${', at)) depth += 1;
    if (depth === 0) return text.slice(from, at);
  }
  return '';
};

/** The variables that the Compose files ask for, by their `x-settings`. @throws Error for one that is not there */
export const composeVariables = (): { name: string; standard: string; meaning: string }[] => {
  const text = composeFiles.map(read).join('\n');
  const block = /^x-settings:\n((?: {2}.+\n)+)/m.exec(text)?.[1] ?? '';
  const meanings = new Map([...block.matchAll(/^ {2}([A-Z_]+): (.+)$/gm)].map(([, name = '', is = '']) => [name, is]));
  const asked = new Set([...text.matchAll(/\$\{([A-Z][A-Z_]*)/g)].map(([, name = '']) => name));
  const missing = [...asked].filter((name) => !meanings.has(name));
  const unused = [...meanings.keys()].filter((name) => !asked.has(name));
  if (missing.length + unused.length > 0)
    throw new Error(
      `x-settings of docker-compose.yml: missing ${missing.join() || '-'}; unused ${unused.join() || '-'}`,
    );
  return [...meanings].map(([name, meaning]) => ({ name, standard: composeDefault(name, text), meaning }));
};

/** Variables that programs of the project read from the environment of their user, beside their own settings. */
const otherVariables: readonly (readonly [name: string, meaning: string])[] = [
  [
    'https_proxy, HTTPS_PROXY, grpc_proxy, all_proxy, ALL_PROXY, http_proxy',
    'Agent: the proxy, the first that is set, at `configure` or, without one in agent.yaml, at `start`.',
  ],
  ['no_proxy, NO_PROXY, no_grpc_proxy', 'Agent: the hosts that are reached without it.'],
  ['NODE_EXTRA_CA_CERTS', 'Agent: the file that `configure` keeps as `extra_ca_file`.'],
  ['VSAY_TOKEN', 'Agent, `install.sh`: the API key or registration token, in place of `--token`.'],
  ['VSAY_CONFIG', 'Container image of the agent: its configuration file (`/config/agent.yaml`).'],
  [
    'OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER, …',
    '`npm start`: those of the table of the services are passed on to them, except for `OTEL_SERVICE_NAME`.',
  ],
  ['XDG_CACHE_HOME', '`npm start`, tests: the cache folder of the user, in which fetched servers are kept.'],
  ['XDG_RUNTIME_DIR', '`npm start`: the folder of the login session, in which claims of ports are kept.'],
  ['PATH', '`npm start`: where mongod and nats-server are looked for before they are fetched.'],
  ['MUTATION_CONCURRENCY', '`npm run mutation`: the number of mutants that are tried at once (1).'],
  ['MUTATION_TESTS', '`npm run mutation`: set by the command itself for its test runner.'],
  ['VITEST_POOL_ID', 'End-to-end tests: set by Vitest, the number of the worker. Its test files share a stack.'],
  ['HOME', 'Tests: replaced by an empty folder for the shells.'],
  ['LOGIN_MACHINE_BASE', 'Container tests: the image of the machine in the suites `login` and `service`.'],
  [
    'UPGRADE_FROM',
    'Container tests: the commit from which the suite `recovery` upgrades. Default: one that is a day old.',
  ],
  [
    'NODE_COMPILE_CACHE',
    'Tests: the folder in which Node keeps compiled code; a folder in `node_modules/.cache` unless set.',
  ],
  ['NODE_ENV', 'Build of the web UI: set to `production`.'],
  ['NODE_DISABLE_COMPILE_CACHE', 'Build of the images: removed, so that the cache is filled.'],
  ['npm_execpath', '`npm start`, `npm test`: the npm that installs the dependencies.'],
  [
    'WEBXTERM_DEV_TARGET',
    '`npm run dev` of clients/web: the gateway behind the development server (`http://127.0.0.1:8080`).',
  ],
  ['KUBECTL', '`npm run e2e:k8s`: the program (`kubectl`).'],
  ['KUBE_CONTEXT', '`npm run e2e:k8s`: the context of kubectl.'],
  ['E2E_K8S_NAMESPACE', '`npm run e2e:k8s`: the namespace (`webxterm-e2e`).'],
  ['E2E_K8S_NODE_PORT', '`npm run e2e:k8s`: the node port of the gateway (`30880`).'],
  ['E2E_K8S_HOST', '`npm run e2e:k8s`: the address of the node.'],
  ['E2E_K8S_REGISTRY', '`npm run e2e:k8s`: the registry of the images.'],
  ['E2E_K8S_TAG', '`npm run e2e:k8s`: the tag of the images (`0.1.0`).'],
  ['E2E_K8S_KEEP', '`npm run e2e:k8s`: `1` leaves the installation after the tests.'],
];

/** docs/settings.md as it has to be. */
export const settingsPage = (): string => {
  const services = merged(programs);
  const own = programs.map(({ name }) => {
    const lines = services.filter((line) => !everyService(line) && line.readers.includes(name));
    return `### ${name}\n\n${settingsTable(lines, true)}`;
  });
  return `# Settings

<!-- Written by \`npm run docs:settings\` from the schemas that the programs read; do not edit. -->

A program reads its settings once, as a whole, at its start. One that is wrong ends it with 2 (\`npm start\`: 1) and a line for each wrong setting.
An empty value counts as absent. [operations.md](operations.md) says how to use them.

## npm start

${settingsTable(merged([{ name: '', file: '', shape: startShape }]), false)}

## Compose

From the environment of \`docker compose\`, or from \`.env\` beside \`docker-compose.yml\`.

${table(
  ['variable', 'default', 'meaning'],
  composeVariables().map(({ name, standard, meaning }) => [
    `\`${name}\``,
    standard === '' ? '' : `\`${standard}\``,
    meaning,
  ]),
)}

## agent.yaml

In \`/etc/vsay/agent.yaml\` for root, in \`~/.config/vsay/agent.yaml\` for everybody else. [agent.md](agent.md) says more.

${table(
  ['setting', 'default', 'allowed', 'meaning'],
  describeAgentConfig().map((line) => [`\`${line.name}\``, standardOf(line), line.allowed, line.meaning]),
)}

## Services

Each \`X\` may be given as \`X_FILE\`, the path of a file that holds the value. Secrets have no defaults.

### Every service

${settingsTable(services.filter(everyService), false)}

${own.join('\n\n')}

## Programs that run once

${settingsTable(merged(setUpPrograms), true)}

## Other variables

${table(
  ['variable', 'read by'],
  otherVariables.map(([names, meaning]) => [
    names
      .split(', ')
      .map((name) => `\`${name}\``)
      .join(', '),
    meaning,
  ]),
)}
`;
};
