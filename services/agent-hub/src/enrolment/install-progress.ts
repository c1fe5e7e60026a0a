import { type InstallProgress, reportInstallProgress } from '@webxterm/contracts/rest';
import { plainText } from '@webxterm/contracts/text';
import { AppError, senderKey } from '@webxterm/shared';
import type { Api } from '@webxterm/shared/api';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { MachineModels, StoredInstallProgress, StoredMachine } from '../machines/record.ts';
import { registrationHash } from './registration-token.ts';

/** Limit of reports with one token. An installation sends 5 or 6. */
const perToken = { points: 60, duration: 60 };
/** Limit of reports from one address or IPv6 /64, which may be that of many machines. */
const perAddress = { points: 600, duration: 60 };

/** Mounts the route with which install.sh reports its steps. The texts come from a machine, so they are cleaned. */
export const mountInstallProgress = (
  api: Api,
  { models, now }: { readonly models: Pick<MachineModels, 'machines'>; readonly now: () => number },
): void => {
  const [ofToken, ofAddress] = [new RateLimiterMemory(perToken), new RateLimiterMemory(perAddress)];
  const throttle = async (reports: RateLimiterMemory, key: string): Promise<void> => {
    const within = await reports.consume(key).catch(() => undefined);
    if (within === undefined) throw new AppError('too_many_requests');
  };
  api.mount(reportInstallProgress, async ({ body: { token, step, problem }, context }) => {
    await throttle(ofAddress, senderKey(context.clientIp));
    const hash = registrationHash(token);
    await throttle(ofToken, hash);
    const install: StoredInstallProgress = { step, at: new Date(now()), problem: problem && cleaned(problem) };
    const { matchedCount } = await models.machines.updateOne(
      { registration_hash: hash, revoked_at: null },
      { $set: { install } },
    );
    if (matchedCount === 0) throw new AppError('bad_registration_token');
    return undefined;
  });
};

const cleaned = ({ what, why, remedy }: NonNullable<InstallProgress['problem']>) => ({
  what: plainText(what, 500),
  why: plainText(why, 500),
  remedy: plainText(remedy, 500),
});

export const installProgressOf = ({ install }: Pick<StoredMachine, 'install'>): InstallProgress | null =>
  install ? { ...install, at: install.at.toISOString() } : null;
