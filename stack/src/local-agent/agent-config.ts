import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { makePrivateFolder, writePrivateFile } from '../data-dir/private-files.ts';
import { reasonOf, StackFailure } from '../failure.ts';

export interface AgentFacts {
  /** A folder for the agent's own files. */
  readonly folder: string;
  /** The gateway's URL, once it answers. */
  readonly url: string;
  readonly name: string;
  readonly linuxUser: string;
  readonly admin: { readonly email: string; readonly password: string };
}

const answerWithinMs = 15_000;

const LoginAnswer = z.looseObject({ user: z.looseObject({ api_key: z.string() }) });

const adminApiKey = async (facts: AgentFacts): Promise<string> => {
  const response = await fetch(`${facts.url}/api/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(facts.admin),
    signal: AbortSignal.timeout(answerWithinMs),
  });
  if (!response.ok) throw new Error(`signing in as ${facts.admin.email} is answered ${response.status}`);
  return LoginAnswer.parse(await response.json()).user.api_key;
};

/** JSON is YAML too. */
const render = (facts: AgentFacts, token: string): string =>
  `${JSON.stringify({ host: facts.url, token, linux_user: facts.linuxUser, name: facts.name }, null, 2)}\n`;

/** The line of the host, in the JSON that we wrote and in the YAML that the agent writes. */
const hostLine = /^(\s*"?host"?:\s*)"?[^"\s,]+"?(,?)$/m;

/**
 * Writes the configuration of this machine's agent at the first start (a file, for a key on a command line is seen by every
 * user), and follows the gateway's URL later. Gives the file's path.
 * @throws StackFailure when the API key cannot be had
 */
export const configureAgent = async (facts: AgentFacts): Promise<string> => {
  makePrivateFolder(facts.folder);
  const file = join(facts.folder, 'agent.yaml');
  if (existsSync(file)) {
    const before = readFileSync(file, 'utf8');
    const after = before.replace(hostLine, (_line, start, end) => `${start}${JSON.stringify(facts.url)}${end}`);
    if (after !== before) writePrivateFile(file, after);
    return file;
  }
  try {
    writePrivateFile(file, render(facts, await adminApiKey(facts)));
    return file;
  } catch (error) {
    throw new StackFailure(
      `this machine's agent cannot be set up: ${reasonOf(error)}. WEBXTERM_AGENT=off starts without it`,
      { cause: error },
    );
  }
};
