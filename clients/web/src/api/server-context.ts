import { requiredContext } from './required-context.ts';
import type { Server } from './server.ts';

export const [ServerProvider, useServer] = requiredContext<Server>('useServer');
