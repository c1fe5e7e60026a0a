// argv: target port, delay each way in ms. Sends its own port to the process that forked it.
import { startDelayProxy } from './delay-proxy.ts';

const [target = 0, delayMs = 0] = process.argv.slice(2).map(Number);
const { port } = await startDelayProxy({ target, delayMs });
process.send?.(port);
process.on('disconnect', () => process.exit());
