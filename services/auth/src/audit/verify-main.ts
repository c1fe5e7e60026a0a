import { withinDeadline } from '@webxterm/contracts/deadline';
import { AppError, ConfigError, createLogger, Shutdown } from '@webxterm/shared';
import { busOptions, connectBus, publicKeyVerifier } from '@webxterm/shared/bus';
import { exitForUsage, exitWithHelp } from '@webxterm/shared/command-line';
import { connectMongo, unsignedUntil } from '@webxterm/shared/mongo';
import { deriveRootKeys } from '../root-keys/root-keys.ts';
import { readVerifySettings } from '../settings.ts';
import { ChainStore } from './chain-store.ts';
import { CheckpointReader } from './checkpoint-reader.ts';
import { auditModels } from './row.ts';
import { type Verdict, verifyChain } from './verify.ts';
import { requestsVerifyHelp, verifyUsage } from './verify-command-line.ts';

// `npm run audit:verify`: checks that the audit log is complete and unchanged. Exits with 0 if it is, 1 if it is not, 2 if the check
// failed.

const connectWithinMs = 10_000;

const within = <T>(what: string, work: Promise<T>): Promise<T> =>
  withinDeadline(
    connectWithinMs,
    work,
    () => new AppError('unavailable', `${what} does not answer. Is it running? Start it, then try again.`),
  );

const verify = async (shutdown: Shutdown): Promise<Verdict & { readonly skipped: number }> => {
  const settings = readVerifySettings();
  const logger = createLogger({ service: 'audit-verify', level: 'error' });
  const mongo = connectMongo({ url: settings.MONGO_URL, logger, shutdown });
  const connection = await within('MongoDB', mongo);
  const nats = connectBus({ ...busOptions(settings), user: 'auth', logger, shutdown });
  const bus = await within('NATS', nats);
  const roots = deriveRootKeys(settings.ROOT_KEY);
  const models = auditModels(connection);
  const chain = new ChainStore(models, roots);
  const reader = new CheckpointReader({
    bus,
    verifier: publicKeyVerifier(roots.all.map((root) => root.allowList.publicKey)),
    unsignedUntil: await unsignedUntil(connection),
    logger,
  });
  const { checkpoints, skipped } = await within('the stream of checkpoints', reader.read());
  return { ...(await verifyChain(roots, chain.inOrder(), await chain.anchor(), checkpoints)), skipped };
};

const report = ({ rows, firstSeq, lastSeq, checkpoints, findings }: Verdict): string =>
  findings.length === 0
    ? `The audit log is whole: ${rows} rows (${firstSeq} to ${lastSeq}), ${checkpoints} checkpoints agree.`
    : [
        `The audit log is NOT whole (${rows} rows read):`,
        ...findings.map(({ seq, problem }) => `  row ${seq}: ${problem}`),
      ].join('\n');

const skippedNote = (skipped: number): string =>
  skipped === 0
    ? ''
    : `${skipped} messages in the stream of checkpoints are not auth's and were skipped: another service of this installation has put them there.\n`;

try {
  if (requestsVerifyHelp(process.argv.slice(2))) exitWithHelp(verifyUsage);
} catch (error) {
  exitForUsage(error, verifyUsage);
}

const shutdown = new Shutdown(createLogger({ service: 'audit-verify', level: 'error' }));
try {
  const verdict = await verify(shutdown);
  const whole = verdict.findings.length === 0;
  (whole ? process.stdout : process.stderr).write(`${report(verdict)}\n`);
  process.stderr.write(skippedNote(verdict.skipped));
  process.exitCode = whole ? 0 : 1;
} catch (error) {
  const known = error instanceof AppError || error instanceof ConfigError;
  process.stderr.write(`The audit log could not be checked: ${known ? error.message : String(error)}\n`);
  process.exitCode = 2;
} finally {
  await shutdown.run();
  process.exit();
}
