import type { CertificateFolder, Certificates } from './certificate-folder.ts';

type CaListener = (update: { caCertificate: Buffer } | null) => void;
type IdentityListener = (update: { certificate: Buffer; privateKey: Buffer } | null) => void;

/**
 * A folder as grpc-js takes certificates that change (its experimental `CertificateProvider`): connections made after a renewal
 * use what is new.
 */
export class GrpcCertificates {
  readonly #folder: CertificateFolder;
  readonly #listeners = new Map<unknown, (certificates: Certificates) => void>();

  constructor(folder: CertificateFolder) {
    this.#folder = folder;
  }

  addCaCertificateListener(listener: CaListener): void {
    this.#add(listener, ({ caCertificate }) => listener(caCertificate === undefined ? null : { caCertificate }));
  }

  removeCaCertificateListener(listener: CaListener): void {
    this.#remove(listener);
  }

  addIdentityCertificateListener(listener: IdentityListener): void {
    this.#add(listener, listener);
  }

  removeIdentityCertificateListener(listener: IdentityListener): void {
    this.#remove(listener);
  }

  #add(key: unknown, tell: (certificates: Certificates) => void): void {
    this.#listeners.set(key, tell);
    this.#folder.onChange(tell);
    // grpc-js is not ready for an answer before it has asked.
    process.nextTick(() => {
      if (this.#listeners.get(key) === tell) tell(this.#folder.current);
    });
  }

  #remove(key: unknown): void {
    const tell = this.#listeners.get(key);
    if (tell !== undefined) this.#folder.removeListener(tell);
    this.#listeners.delete(key);
  }
}
