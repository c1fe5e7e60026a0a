import { jetstream } from '@nats-io/jetstream';
import { AuditCheckpoint, checkpointStream } from '@webxterm/contracts/bus';
import { AppError, ConfigError, createLogger, Health, Shutdown } from '@webxterm/shared';
import { connectBus } from '@webxterm/shared/bus';
import { connectMongo } from '@webxterm/shared/mongo';
import { deriveRootKeys } from '../root-keys/root-keys.ts';
import { readVerifySettings } from '../settings.ts';
import { ChainStore } from './chain-store.ts';
import { auditModels } from './row.ts';
import { type Verdict, verifyChain } from './verify.ts';

// `npm run audit:verify`: is the audit log whole? Ends with 0 when it is, 1 when it is not, 2 when that could not be found out.

const connectWithinMs = 10_000;

const within = async <T>(what: string, work: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new AppError('unavailable', `${what} does not answer. Is it running? Start it, then try again.`)),
      connectWithinMs,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};

const readCheckpoints = async (bus: Awaited<ReturnType<typeof connectBus>>): Promise<AuditCheckpoint[]> => {
  const stream = await jetstream(bus).streams.get(checkpointStream.name);
  const { state } = await stream.info();
  if (state.messages === 0) return [];
  const consumer = await stream.getConsumer();
  const read: AuditCheckpoint[] = [];
  const messages = await consumer.consume();
  for await (const message of messages) {
    read.push(AuditCheckpoint.parse(message.json()));
    if (message.seq >= state.last_seq) break;
  }
  return read;
};

const verify = async (shutdown: Shutdown): Promise<Verdict> => {
  const settings = readVerifySettings();
  const logger = createLogger({ service: 'audit-verify', level: 'error' });
  const mongo = connectMongo({ url: settings.MONGO_URL, logger, health: new Health('audit-verify'), shutdown });
  const connection = await within('MongoDB', mongo);
  const nats = connectBus({
    urls: settings.NATS_URL,
    user: 'auth',
    password: settings.NATS_PASSWORD,
    ca: settings.NATS_CA,
    logger,
    shutdown,
  });
  const bus = await within('NATS', nats);
  const roots = deriveRootKeys(settings.ROOT_KEY);
  const chain = new ChainStore(auditModels(connection), roots);
  const checkpoints = await within('the stream of checkpoints', readCheckpoints(bus));
  return verifyChain(roots, chain.inOrder(), await chain.anchor(), checkpoints);
};

const report = ({ rows, firstSeq, lastSeq, checkpoints, findings }: Verdict): string =>
  findings.length === 0
    ? `The audit log is whole: ${rows} rows (${firstSeq} to ${lastSeq}), ${checkpoints} checkpoints agree.`
    : [
        `The audit log is NOT whole (${rows} rows read):`,
        ...findings.map(({ seq, problem }) => `  row ${seq}: ${problem}`),
      ].join('\n');

if (process.argv.length > 2) {
  const help = process.argv.some((argument) => argument === '--help' || argument === '-h');
  const usage = 'Usage: npm run audit:verify\n\nChecks that the audit log is whole. It takes no arguments.\n';
  (help ? process.stdout : process.stderr).write(usage);
  process.exit(help ? 0 : 2);
}

const shutdown = new Shutdown(createLogger({ service: 'audit-verify', level: 'error' }));
try {
  const verdict = await verify(shutdown);
  const whole = verdict.findings.length === 0;
  (whole ? process.stdout : process.stderr).write(`${report(verdict)}\n`);
  process.exitCode = whole ? 0 : 1;
} catch (error) {
  const known = error instanceof AppError || error instanceof ConfigError;
  process.stderr.write(`The audit log could not be checked: ${known ? error.message : String(error)}\n`);
  process.exitCode = 2;
} finally {
  await shutdown.run();
  process.exit();
}
