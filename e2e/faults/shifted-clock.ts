// Loaded into a service before anything else: its wall clock is ahead by the milliseconds in the file that its URL names.
import { readFileSync } from 'node:fs';

const rereadMs = 100;
const file = new URL(import.meta.url).searchParams.get('file') ?? '';
const now = Date.now;
let aheadMs = 0;

const reread = (): void => {
  try {
    aheadMs = Number(readFileSync(file, 'utf8'));
  } catch {
    aheadMs = 0;
  }
};

reread();
setInterval(reread, rereadMs).unref();
globalThis.Date = new Proxy(Date, {
  construct: (target, given, created) =>
    Reflect.construct(target, given.length === 0 ? [now() + aheadMs] : given, created),
  get: (target, name) => (name === 'now' ? () => now() + aheadMs : Reflect.get(target, name)),
});
