/** Programs (shells and commands) and sftp sessions in all ssh connections. Each sftp session is a Node process of about 50 MB. */
const limits = {
  program: { what: 'shells and commands in ssh connections', perUser: 64, ofAll: 256 },
  sftp: { what: 'sftp sessions', perUser: 6, ofAll: 16 },
} as const;
export type SshPlace = keyof typeof limits;

/** Counts what runs in ssh connections, for each user and for all. */
export class SshPlaces {
  readonly #taken: { place: SshPlace; owner: string }[] = [];

  /** @returns a function that frees the place, or a sentence that says why there is none */
  take(place: SshPlace, owner: string): (() => void) | string {
    const { what, perUser, ofAll } = limits[place];
    const taken = this.#taken.filter((one) => one.place === place);
    if (taken.filter((one) => one.owner === owner).length >= perUser)
      return `This machine already has ${perUser} ${what} of yours. Wait for one to end.`;
    if (taken.length >= ofAll) return `This machine already has ${ofAll} ${what}. Wait for one to end.`;
    const one = { place, owner };
    this.#taken.push(one);
    return () => {
      const index = this.#taken.indexOf(one);
      if (index !== -1) this.#taken.splice(index, 1);
    };
  }
}
