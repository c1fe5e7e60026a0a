import type { KeyObject } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectFolder } from '../project-folder.ts';
import { writeArchive } from './archive.ts';
import type { Bundle } from './bundle.ts';
import { packageContents, sha256, versionOf } from './contents.ts';
import type { Channel, Manifest } from './manifest.ts';
import { pinnedPackages, platforms } from './pinned-packages.ts';
import { publishRelease } from './publish.ts';

/** The platform of this machine. Undefined if no package is built for it. */
export const testPlatform = platforms.find((each) => each === `${process.platform}-${process.arch}`);

interface TestRelease {
  readonly bundle: Bundle;
  /** Folder that the gateway serves. */
  readonly folder: string;
  readonly key: KeyObject;
  /** Added to the content, so that the version is another one. */
  readonly mark: string;
  readonly changed?: Record<string, string>;
  /** Added to the program `bin/node`, which does nothing with it. */
  readonly ballast?: string;
  /** Default: stable. */
  readonly channel?: Channel;
}

/** Publishes the agent of these sources with the Node that runs this test: the real package without its 100 MB of Node. */
export const publishTestRelease = async ({
  bundle,
  folder,
  key,
  mark,
  changed,
  ballast = '',
  channel = 'stable',
}: TestRelease): Promise<Manifest> => {
  if (testPlatform === undefined) throw new Error('no package is built for this machine');
  const { node, pty } = pinnedPackages(projectFolder, testPlatform);
  const marked = {
    ...bundle,
    files: new Map([...bundle.files, ['mark.js', `// ${mark}`], ...Object.entries(changed ?? {})]),
  };
  const version = versionOf(projectFolder, marked, [node, pty]);
  const contents = packageContents(projectFolder, {
    bundle: marked,
    version,
    platform: testPlatform,
    node: { package: node, binary: Buffer.from(`#!/bin/sh\nexec ${process.execPath} "$@"\n${ballast}`), licence: '' },
    pty: { package: pty, binary: readFileSync(join(projectFolder, 'node_modules', pty.name, 'pty.node')), licence: '' },
  });
  const staging = mkdtempSync(join(tmpdir(), 'test-release-'));
  try {
    const file = `vsay-agent-${version}-${testPlatform}.tar.gz`;
    const list = await writeArchive(join(staging, file), contents);
    const content = readFileSync(join(staging, file));
    const hash = sha256(content);
    const built = { platform: testPlatform, version, file, size: content.length, unpacked: 0, sha256: hash, list };
    return publishRelease({ folder, key, built: staging, packages: [built], now: Date.now(), channel });
  } finally {
    rmSync(staging, { recursive: true });
  }
};
