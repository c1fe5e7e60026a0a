/**
 * Writes services/auth/src/accounts/confusables.json from the tables of the crate `unicode-security`, which unicode-rs and rustc keep
 * with each version of Unicode:
 *   cargo vendor        (in a crate that depends on unicode-security)
 *   node scripts/confusables.ts vendor/unicode-security/src/tables.rs
 *
 * The file maps each prototype to all that looks like it, in ASCII. It leaves out what no name holds once it is NFKC (names.ts).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const out = fileURLToPath(new URL('../services/auth/src/accounts/confusables.json', import.meta.url));

const tableOf = (rust: string): string => {
  const [, table] = /const CONFUSABLES: &'static \[\(char, &'static \[char\]\)\] = &\[(.*?)\n {4}\];/s.exec(rust) ?? [];
  if (table === undefined) throw new Error('there is no table CONFUSABLES in this file');
  return table;
};

const characters = (escapes: string): string =>
  [...escapes.matchAll(/\\u\{([0-9a-f]+)\}/g)].map(([, hex]) => String.fromCodePoint(Number(`0x${hex}`))).join('');

const neverInNames = (character: string): boolean =>
  character.normalize('NFKD') !== character || /[\p{Cc}\p{Cf}\p{Co}\p{Default_Ignorable_Code_Point}]/u.test(character);

const ascii = (json: string): string =>
  json.replace(/[^ -~\n]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error('usage: node scripts/confusables.ts TABLES_RS');
const looksLike = new Map<string, string>();
for (const [, from = '', to = ''] of tableOf(readFileSync(path, 'utf8')).matchAll(/\('([^']+)',\s*&\[([^\]]+)\]\)/g)) {
  const character = characters(from);
  if (neverInNames(character)) continue;
  const prototype = characters(to);
  looksLike.set(prototype, (looksLike.get(prototype) ?? '') + character);
}
writeFileSync(out, `${ascii(JSON.stringify(Object.fromEntries(looksLike), null, 2))}\n`);
