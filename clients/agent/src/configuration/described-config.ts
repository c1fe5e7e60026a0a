import * as v from 'valibot';
import { AgentConfig } from './agent-config.ts';

/** One setting of agent.yaml, as in docs/settings.md. */
export interface DescribedConfig {
  readonly name: string;
  /** The default value, or undefined if there is none. */
  readonly standard: string | undefined;
  readonly required: boolean;
  /** The allowed values. Empty: any text. */
  readonly allowed: string;
  readonly meaning: string;
}

type Schema = (typeof AgentConfig.entries)[keyof typeof AgentConfig.entries];

const describeEntry = (name: string, schema: Schema): DescribedConfig => {
  const inner = schema.type === 'optional' ? schema.wrapped : schema;
  const meaning = v.getDescription(inner);
  if (meaning === undefined) throw new Error(`${name} of agent.yaml has no description: add v.description('…')`);
  const { allowed } = v.getMetadata(inner);
  const standard = schema.type === 'optional' ? v.getDefault(schema) : undefined;
  return {
    name,
    standard: standard === undefined ? undefined : `\`${String(standard)}\``,
    required: schema.type !== 'optional',
    allowed: typeof allowed === 'string' ? allowed : '',
    meaning,
  };
};

/** @throws Error that names a setting without a description */
export const describeAgentConfig = (): DescribedConfig[] =>
  Object.entries(AgentConfig.entries).map(([name, schema]) => describeEntry(name, schema));
