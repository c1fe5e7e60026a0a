// usage: npm run lock:complete      after every npm install; safe to repeat
import { readFileSync, writeFileSync } from 'node:fs';
import { completeLock, Lock } from './lock-completeness.ts';

const file = new URL('../package-lock.json', import.meta.url);
const { lock, added } = completeLock(Lock.parse(JSON.parse(readFileSync(file, 'utf8'))));
if (added > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(added === 0 ? 'the lock file is complete' : `added to the lock file: ${added} packages of other platforms`);
