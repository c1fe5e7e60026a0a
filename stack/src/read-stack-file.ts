import { readFileSync } from 'node:fs';
import { parseJson } from '@webxterm/contracts/json';
import { z } from 'zod';
import { stackFile } from './stack-file.ts';

const Facts = z.object({
  url: z.url(),
  grpc: z.array(z.string()),
  processes: z.array(
    z.object({ name: z.string(), pid: z.number(), port: z.number(), healthPort: z.exactOptional(z.number()) }),
  ),
});
export type KnownStack = z.infer<typeof Facts>;

/** The file that the running or last `npm start` wrote about itself. Undefined if there is none. */
export const readStackFile = (dataDir: string): KnownStack | undefined => {
  try {
    return Facts.safeParse(parseJson(readFileSync(stackFile(dataDir), 'utf8'))).data;
  } catch {
    return undefined;
  }
};
