'use strict';
// Runs before `npm start` and `npm test`, so that a fresh clone needs nothing before them: installs the dependencies when
// they are missing or another lock file's. Plain JavaScript without dependencies, for the system's Node may be old.
const { createHash } = require('node:crypto');
const { spawnSync } = require('node:child_process');
const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const oldestNode = 18;
const root = join(__dirname, '..');
const lock = join(root, 'package-lock.json');
/** The hash of the lock file that node_modules was installed from. */
const stamp = join(root, 'node_modules', '.webxterm-lock');

const fail = (text) => {
  console.error(`\n${text}\n`);
  process.exit(1);
};

const hashOfLock = () => createHash('sha256').update(readFileSync(lock)).digest('hex');

const isInstalled = () => {
  if (!existsSync(join(root, 'node_modules', '.package-lock.json'))) return false;
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === hashOfLock();
};

/** `npm install` by hand leaves no stamp: it counts when what it says it installed is what the lock names, and is there. */
const isInstalledByHand = () => {
  const hidden = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(hidden)) return false;
  const wanted = JSON.parse(readFileSync(lock, 'utf8')).packages;
  const present = JSON.parse(readFileSync(hidden, 'utf8')).packages;
  return Object.entries(wanted).every(([path, { version, optional, link }]) => {
    if (path === '' || optional || link || !path.startsWith('node_modules/')) return true;
    if (present[path] === undefined || present[path].version !== version) return false;
    return existsSync(join(root, path, 'package.json'));
  });
};

const install = () => {
  console.log('installing the dependencies (npm ci), once per lock file …');
  const startedAt = Date.now();
  const npm = process.env.npm_execpath;
  const viaNode = npm !== undefined && /\.[cm]?js$/.test(npm);
  const [program, args] = viaNode ? [process.execPath, [npm]] : ['npm', []];
  const result = spawnSync(program, [...args, 'ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (result.error) fail(`npm cannot be run: ${result.error.message}. Install Node.js with npm and try again.`);
  if (result.status !== 0)
    fail(
      `the dependencies could not be installed (npm ci ended with ${result.status ?? result.signal}; its reason stands above).\n` +
        'Check that npm reaches its registry and that the disk has 1 GB free, then try again.',
    );
  console.log(`dependencies installed in ${Math.round((Date.now() - startedAt) / 1000)} s`);
};

if (Number(process.versions.node.split('.')[0]) < oldestNode)
  fail(
    `Node.js ${process.versions.node} is too old to begin with: install Node.js ${oldestNode} or newer (the right one is then installed beside the project).`,
  );
if (!existsSync(lock)) fail(`${lock} is missing: the clone is not complete.`);
if (!isInstalled()) {
  if (!isInstalledByHand()) install();
  writeFileSync(stamp, hashOfLock());
}
