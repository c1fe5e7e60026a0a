import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { reasonOf } from '../errors.ts';

/** The settings are invalid. The message names each invalid one and how to correct it. The process exits with 2. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(service: string, problems: readonly string[]) {
    super(
      `${service} cannot start, ${problems.length === 1 ? 'a setting is' : 'settings are'} wrong:\n  ${problems.join('\n  ')}`,
    );
    this.problems = problems;
  }
}

type Environment = Record<string, string | undefined>;

/**
 * Reads the settings of `shape` from the environment, once and as a whole. Each X may be given as X_FILE, the path of a file that holds the
 * value (its trailing newline is dropped). Both at once is an error. An empty value counts as absent.
 * @throws ConfigError that lists every missing, invalid or unreadable setting
 */
export const readConfig = <S extends z.ZodRawShape>(
  service: string,
  shape: S,
  environment: Environment = process.env,
): z.output<z.ZodObject<S>> => {
  const problems: string[] = [];
  const raw: Environment = {};
  for (const name of Object.keys(shape)) raw[name] = readSetting(name, environment, problems);
  const parsed = z.object(shape).safeParse(raw);
  const seen = new Set(problems.map((problem) => problem.split(':')[0]));
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const name = String(issue.path[0] ?? '');
      if (seen.has(name)) continue;
      seen.add(name);
      problems.push(
        raw[name] === undefined
          ? `${name}: is missing (give ${name}, or ${name}_FILE with the path of a file)`
          : `${name}: ${issue.message}`,
      );
    }
  }
  if (problems.length > 0 || !parsed.success) throw new ConfigError(service, problems);
  return parsed.data;
};

const readSetting = (name: string, environment: Environment, problems: string[]): string | undefined => {
  const value = environment[name] || undefined;
  const path = environment[`${name}_FILE`] || undefined;
  if (path === undefined) return value;
  if (value !== undefined) {
    problems.push(`${name}: is given twice, as ${name} and as ${name}_FILE; give one of them`);
    return undefined;
  }
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '') || undefined;
  } catch (error) {
    problems.push(`${name}: ${name}_FILE cannot be read (${reasonOf(error)})`);
    return undefined;
  }
};
