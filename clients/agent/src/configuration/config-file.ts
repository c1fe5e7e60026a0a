import * as v from 'valibot';
import { parse, stringify } from 'yaml';
import { describeError, exitCode, Failure, systemCode } from '../failure.ts';
import { AgentConfig } from './agent-config.ts';
import { readIfThere, writePrivate } from './private-file.ts';

/** @throws Failure that names all invalid settings */
export const checkConfig = (settings: unknown, where: string): AgentConfig => {
  const result = v.safeParse(AgentConfig, settings);
  if (result.success) return result.output;
  throw new Failure(`${where} is not valid:\n${v.summarize(result.issues)}`, exitCode.usage);
};

/** @throws Failure if the file is missing, unreadable or invalid */
export const readConfig = async (file: string): Promise<AgentConfig> => {
  const text = await readIfThere(file).catch((error: unknown) => {
    const hint = systemCode(error) === 'EACCES' ? ' Run this as the user who configured the agent (sudo?).' : '';
    throw new Failure(`Cannot read ${file}: ${describeError(error)}.${hint}`);
  });
  if (text === undefined) {
    throw new Failure(
      `There is no ${file}: run "vsay-agent configure --token API_KEY --host URL" first.`,
      exitCode.usage,
    );
  }
  let settings: unknown;
  try {
    settings = parse(text);
  } catch (error) {
    throw new Failure(`${file} is not YAML: ${describeError(error)}`, exitCode.usage);
  }
  return checkConfig(settings, file);
};

/** @throws Failure if the file cannot be written */
export const writeConfig = async (file: string, config: AgentConfig): Promise<void> => {
  await writePrivate(file, stringify(config)).catch((error: unknown) => {
    throw new Failure(
      `Cannot write ${file}: ${describeError(error)}. Run this with sudo, or choose another place with --config.`,
    );
  });
};
