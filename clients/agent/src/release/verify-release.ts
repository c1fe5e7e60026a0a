// verify-release.js MANIFEST SIGNATURE PUBLIC_KEY [INSTALLED_SEQUENCE]: used by install.sh. Exits with 0 if the release is valid for this
// machine. Otherwise prints the reason and exits with 1.
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
