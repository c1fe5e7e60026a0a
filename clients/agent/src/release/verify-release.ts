// verify-release.js MANIFEST SIGNATURE PUBLIC_KEY [INSTALLED_SEQUENCE]: for install.sh. Exits with 0 when the release is to be
// believed on this machine, else says why not and exits with 1.
import { readFileSync } from 'node:fs';
import { describeError } from '../failure.ts';
import { readRelease } from './release.ts';

const [manifest = '', signature = '', publicKey = '', installed = '0'] = process.argv.slice(2);
try {
  readRelease({
    manifest: readFileSync(manifest),
    signature: readFileSync(signature),
    publicKey: readFileSync(publicKey, 'utf8'),
    platform: `${process.platform}-${process.arch}`,
    now: Date.now(),
    installed: Number(installed),
  });
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`);
  process.exit(1);
}
