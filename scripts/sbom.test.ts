import { expect, it } from 'vitest';
import { sbomOf } from './sbom.ts';

it('lists the installed packages, each version once and sorted, without the project itself', () => {
  const { components } = sbomOf('services/auth', {
    'services/auth': { version: '0.1.0' },
    'node_modules/@webxterm/auth': { link: true },
    'node_modules/pino/node_modules/@scope/b': { version: '2.0.0', license: 'MIT', integrity: 'sha512-AQI=' },
    'node_modules/@scope/b': { version: '1.0.0' },
    'node_modules/other/node_modules/@scope/b': { version: '2.0.0', license: 'MIT', integrity: 'sha512-AQI=' },
  });
  expect(components.map(({ purl }) => purl)).toEqual(['pkg:npm/%40scope/b@1.0.0', 'pkg:npm/%40scope/b@2.0.0']);
  expect(components[1]).toMatchObject({
    licenses: [{ expression: 'MIT' }],
    hashes: [{ alg: 'SHA-512', content: '0102' }],
  });
});
