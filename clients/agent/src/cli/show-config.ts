import { stringify } from 'yaml';
import { companionFiles } from '../configuration/agent-config.ts';
import { readConfig } from '../configuration/config-file.ts';
import { readCredential } from '../identity/credential.ts';

/** The configuration as YAML, with secrets hidden. */
export const showConfig = async (file: string): Promise<string> => {
  const config = await readConfig(file);
  const credential = await readCredential(companionFiles(file).credential);
  return stringify({
    file,
    ...config,
    token: config.token === undefined ? undefined : '(hidden)',
    proxy: config.proxy?.replace(/\/\/[^@/]*@/, '//(hidden)@'),
    machine_credential: credential === undefined ? '(none yet)' : '(hidden)',
  });
};
