import { readFile } from 'node:fs/promises';
import { describeError, Failure } from '../failure.ts';
import { tls } from './node-http.ts';

const certificates = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/**
 * Makes this process trust the system's CAs (as curl does) in addition to Node's, and those of the file that NODE_EXTRA_CA_CERTS named when
 * the agent was configured.
 * @throws Failure if that file cannot be read
 */
export const trustSystemCas = async (extraCaFile: string | undefined): Promise<void> => {
  const extra = extraCaFile === undefined ? [] : await readCertificates(extraCaFile);
  const all = [...tls.getCACertificates('default'), ...tls.getCACertificates('system'), ...extra];
  tls.setDefaultCACertificates([...new Set(all)]);
};

const readCertificates = async (file: string): Promise<string[]> => {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new Failure(
      `The CAs of ${file} cannot be read: ${describeError(error)}. NODE_EXTRA_CA_CERTS named that file.`,
    );
  });
  return text.match(certificates) ?? [];
};
