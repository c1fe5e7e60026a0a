import { StackFailure } from './failure.ts';

export const startHelp = `Usage: npm start

Starts the whole of WebXTerm on this machine, and ends it at Ctrl-C. What it shows at the end says where to sign in.

Settings come from the environment (empty: the default):
  WEBXTERM_HOST       address to listen on (127.0.0.1); TLS is on as soon as others can reach it
  WEBXTERM_PORT       port of the page and the API (8080)
  WEBXTERM_GRPC_PORT  port that agents dial (8081)
  WEBXTERM_PUBLIC_URL how people reach it, where that is not the address it listens on
  WEBXTERM_EXTRA_ORIGINS, WEBXTERM_TRUSTED_PROXIES
                      other URLs of it, and proxies whose X-Forwarded-For counts; each a list with commas
  WEBXTERM_DATA_DIR   folder of the data, secrets and logs (.webxterm)
  WEBXTERM_TLS        on or off
  WEBXTERM_SIGNUP     open or closed
  WEBXTERM_AGENT      off: without an agent for this machine
  WEBXTERM_REPLICAS   instances of auth, agent-hub and terminal each (1)
  WEBXTERM_CACHE_DIR  where fetched servers are kept
  MONGO_URL, NATS_URL servers of your own in place of those that it starts
  LOG_LEVEL           fatal, error, warn, info, debug, trace or silent (info)

More: docs/operations.md`;

export const asksForHelp = (args: readonly string[]): boolean => args.some((arg) => arg === '--help' || arg === '-h');

/** What `npm start` is asked to do. @throws StackFailure that names what it does not know */
export const readCommandLine = (args: readonly string[]): 'help' | 'start' => {
  if (asksForHelp(args)) return 'help';
  if (args.length === 0) return 'start';
  throw new StackFailure(
    `npm start does not know ${args.join(' ')}: its settings come from the environment. npm start -- --help shows them`,
  );
};
