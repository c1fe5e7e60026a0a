import type { CertificateFolder, Certificates } from './certificate-folder.ts';

type CaListener = (update: { caCertificate: Buffer } | null) => void;
type IdentityListener = (update: { certificate: Buffer; privateKey: Buffer } | null) => void;

/**
 * Provides the certificates of a folder to grpc-js (its experimental `CertificateProvider`). Connections made after a renewal use the new
 * certificate.
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

  #add(key: unknown, listener: (certificates: Certificates) => void): void {
    this.#listeners.set(key, listener);
    this.#folder.onChange(listener);
    // grpc-js cannot accept a value before its own call returns.
    process.nextTick(() => {
      if (this.#listeners.get(key) === listener) listener(this.#folder.current);
    });
  }

  #remove(key: unknown): void {
    const listener = this.#listeners.get(key);
    if (listener !== undefined) this.#folder.removeListener(listener);
    this.#listeners.delete(key);
  }
}
