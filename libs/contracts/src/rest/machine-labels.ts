import { z } from 'zod';
import { visibleText } from './visible-text.ts';

export const MachineName = visibleText(64).meta({
  description: 'Unique among the machines of its owner, 1 to 64 characters.',
  override: { type: 'string' },
});
export const MachineTag = visibleText(64).meta({
  description: 'A word to find machines by.',
  override: { type: 'string' },
});
export const MachineTags = z
  .array(MachineTag)
  .max(32)
  .transform((tags) => [...new Set(tags)])
  .meta({ override: { type: 'array', items: { type: 'string' }, maxItems: 32 } });
