// npm run deps:check. dependency-cruiser finds nothing, and says that all is well, when it lacks a parser for this TypeScript;
// so it must have seen the files that git has, and each rule must catch a violation planted for it.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const config = join(root, '.dependency-cruiser.cjs');
const program = join(root, 'node_modules/.bin/depcruise');
const folders = ['services', 'libs', 'clients', 'stack', 'e2e', 'bench', 'scripts'];

interface Report {
  readonly modules: readonly { readonly source: string }[];
  readonly summary: { readonly violations: readonly Violation[] };
}

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
}

const cruise = (directory: string, wanted: readonly string[]): Report => {
  // It exits with the number of violations; what it found stands in its report.
  const found = spawnSync(process.execPath, [program, '--config', config, '--output-type', 'json', ...wanted], {
    cwd: directory,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
  const json = found.stdout;
  if (!json.startsWith('{')) throw new Error(`dependency-cruiser failed: ${found.stderr}`);
  return JSON.parse(json);
};

/** Each rule with files that break it, and only it: path -> text. */
const planted: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'no-service-imports-another': { 'services/a/src/x.ts': "import '../../b/src/y.ts';", 'services/b/src/y.ts': '' },
  'no-client-imports-another': { 'clients/a/src/x.ts': "import '../../b/src/y.ts';", 'clients/b/src/y.ts': '' },
  'services-know-no-client': { 'services/a/src/x.ts': "import '../../../clients/b/y.ts';", 'clients/b/y.ts': '' },
  'product-knows-no-tooling': { 'services/a/src/x.ts': "import '../../../stack/y.ts';", 'stack/y.ts': '' },
  'libs-know-no-user': { 'libs/other/x.ts': "import '../../services/a/y.ts';", 'services/a/y.ts': '' },
  'contracts-and-stream-stand-alone': {
    'libs/stream/src/x.ts': "import type { Y } from '../../shared/src/y.ts';\nexport type X = Y;",
    'libs/shared/src/y.ts': 'export interface Y { readonly y: 1 }',
  },
  'shared-uses-contracts-only': {
    'libs/shared/src/x.ts': "import '../../stream/src/y.ts';",
    'libs/stream/src/y.ts': '',
  },
  'gateway-loads-no-store': {
    'services/gateway/src/x.ts': "import '../../../libs/shared/src/y.ts';",
    'libs/shared/src/y.ts': "import '../../../node_modules/mongoose/index.js';",
    'node_modules/mongoose/index.js': '',
  },
  'terminal-client-uses-contracts-and-stream-only': {
    'libs/terminal-client/src/x.ts': "import '../../shared/src/y.ts';",
    'libs/shared/src/y.ts': '',
  },
  'rest-client-uses-contracts-only': {
    'libs/rest-client/src/x.ts': "import '../../stream/src/y.ts';",
    'libs/stream/src/y.ts': '',
  },
  'web-takes-only-what-a-browser-runs': {
    'clients/web/src/x.tsx': "import '../../../libs/contracts/src/grpc/index.ts';",
    'libs/contracts/src/grpc/index.ts': '',
  },
  'no-node-api-where-a-browser-runs': {
    'libs/stream/src/x.ts': "import { readFileSync } from 'node:fs';\nreadFileSync('x');",
  },
  'no-product-code-imports-tests': { 'services/a/src/x.ts': "import './y.test.ts';", 'services/a/src/y.test.ts': '' },
  'no-circles': { 'services/a/src/x.ts': "import './y.ts';", 'services/a/src/y.ts': "import './x.ts';" },
  'no-unresolved-imports': { 'services/a/src/x.ts': "import './nowhere.ts';" },
};

const plantedIsCaught = (rule: string, files: Readonly<Record<string, string>>): boolean => {
  const directory = mkdtempSync(join(tmpdir(), 'planted-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), text);
    }
    const tops = [...new Set(Object.keys(files).map((path) => path.split('/')[0] ?? ''))];
    const { violations } = cruise(directory, tops).summary;
    return violations.some((violation) => violation.rule.name === rule);
  } finally {
    rmSync(directory, { recursive: true });
  }
};

const rulesOf = (): string[] => {
  const rules: { readonly forbidden: readonly { readonly name: string }[] } = createRequire(import.meta.url)(config);
  return rules.forbidden.map((rule) => rule.name);
};

const problems: string[] = [];
const report = cruise(root, folders);
const seen = new Set(report.modules.map((module) => module.source));
const tracked = execFileSync(
  'git',
  ['ls-files', '--', ...folders.flatMap((folder) => [`${folder}/*.ts`, `${folder}/*.tsx`])],
  {
    cwd: root,
    encoding: 'utf8',
  },
)
  .split('\n')
  .filter((path) => path !== '' && !/\/(generated|dist)\/|\.d\.ts$/.test(path));
const unseen = tracked.filter((path) => !seen.has(path));
if (tracked.length < 100) problems.push(`only ${tracked.length} source files are tracked: is this the right folder?`);
if (unseen.length > 0)
  problems.push(`${unseen.length} source files were not looked at, such as ${unseen.slice(0, 3).join(', ')}`);
for (const { rule, from, to } of report.summary.violations) problems.push(`${rule.name}: ${from} -> ${to}`);
for (const rule of rulesOf()) {
  const files = planted[rule];
  if (files === undefined) problems.push(`${rule}: no violation is planted for this rule`);
  else if (!plantedIsCaught(rule, files)) problems.push(`${rule}: does not catch the violation planted for it`);
}

for (const problem of problems) console.error(problem);
console.log(
  problems.length === 0
    ? `${tracked.length} source files keep the rules, and each of ${Object.keys(planted).length} rules catches its planted violation`
    : `${problems.length} problems with dependencies`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
