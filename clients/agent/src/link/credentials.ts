import type { AgentConfig } from '../configuration/agent-config.ts';
import { companionFiles } from '../configuration/agent-config.ts';
import { writeConfig } from '../configuration/config-file.ts';
import type { KeptFiles } from '../configuration/kept-files.ts';
import { exitCode, Failure } from '../failure.ts';
import { keepCredential, readCredential } from '../identity/credential.ts';
import type { Credential } from './dial.ts';

/** A pass is valid for 24 h on the hub's clock. One hour is reserved for clock differences. */
const passLifeMs = 23 * 3_600_000;

const withoutToken = ({ token: _forgotten, ...config }: AgentConfig): AgentConfig => config;

/** The credentials of this machine: a link pass, the machine credential, or at first an API key or registration token. */
export class CredentialStore {
  readonly #configPath: string;
  readonly #kept: KeptFiles;
  #config: AgentConfig;
  #credential: string | undefined;
  #pass: { text: string; until: number } | undefined;
  #tokenOnDisk: boolean;

  private constructor(configPath: string, config: AgentConfig, kept: KeptFiles, credential: string | undefined) {
    this.#configPath = configPath;
    this.#kept = kept;
    this.#config = config;
    this.#credential = credential;
    this.#tokenOnDisk = config.token !== undefined;
  }

  static async open(configPath: string, config: AgentConfig, kept: KeptFiles): Promise<CredentialStore> {
    return new CredentialStore(configPath, config, kept, await readCredential(companionFiles(configPath).credential));
  }

  /** The best current credential, and a fallback to send with it. @throws Failure if there is none */
  best(now: number): { credential: Credential; fallback: string } {
    if (this.#pass !== undefined && now < this.#pass.until) {
      return { credential: { $case: 'linkPass', value: this.#pass.text }, fallback: this.#credential ?? '' };
    }
    if (this.#credential !== undefined) {
      return { credential: { $case: 'machineCredential', value: this.#credential }, fallback: '' };
    }
    if (this.#config.token !== undefined) {
      const $case = /^wxt_[re]t_/.test(this.#config.token) ? 'registrationToken' : 'apiKey';
      return { credential: { $case, value: this.#config.token }, fallback: '' };
    }
    throw new Failure(
      'This agent has neither an API key nor a machine credential: run "vsay-agent configure" with what "Add a machine" shows.',
      exitCode.refused,
    );
  }

  /**
   * Stores the credentials from a welcome. Once there is a machine credential, the API key or token is deleted, except on an image. While the disk cannot be
   * written, both stay in memory only, and a restart registers the same key pair again with the API key or token.
   */
  async keep(issued: { machineCredential: string; linkPass: string }, now: number): Promise<void> {
    if (issued.linkPass !== '') this.#pass = { text: issued.linkPass, until: now + passLifeMs };
    const isNew = issued.machineCredential !== '';
    if (isNew) this.#credential = issued.machineCredential;
    const credential = this.#credential;
    if (credential === undefined || !(isNew || this.#tokenOnDisk)) return;
    const config = this.#config.image === true ? this.#config : withoutToken(this.#config);
    this.#config = config;
    const file = companionFiles(this.#configPath).credential;
    await this.#kept.write(file, async () => {
      await keepCredential(file, credential);
      // The token is deleted only after the credential is stored, because one of them must exist after a restart.
      if (this.#tokenOnDisk) await writeConfig(this.#configPath, config);
      this.#tokenOnDisk = false;
    });
  }

  get hasPass(): boolean {
    return this.#pass !== undefined;
  }

  /** Drops the pass, because a hub rejected it. The next dial does not use it. */
  dropPass(): void {
    this.#pass = undefined;
  }
}
