import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { PeerCertificate } from 'node:tls';
import { type ChannelCredentials, experimental, type ServerCredentials } from '@grpc/grpc-js';
import { Fault } from '@vouchsafe/kernel';
import type { Log, Stop, Timers } from '@vouchsafe/runtime';

/** PEM files of this process: whom it trusts, who it is. Replaced while it runs (cert-manager, a mounted secret). */
export type TlsFiles = { readonly caFile: string; readonly certFile: string; readonly keyFile: string };

/** Both sides of mutual TLS, following the files. */
export interface Certificates {
  readonly server: ServerCredentials;
  channel(): ChannelCredentials;
  stop(): Promise<void>;
}

const LOOK_EVERY_MS = 5_000;
type Read = { readonly ca: Buffer; readonly cert: Buffer; readonly key: Buffer };
type Identity = experimental.IdentityCertificateUpdate;
type Ca = experimental.CaCertificateUpdate;

/**
 * Reads the files, then looks at them again now and then. What is half written or does not fit together is not taken:
 * the last good pair stays (grpc-js's own watcher would drop it). Fault `TLS_FILES_UNUSABLE` if they are no good at the start.
 */
export const watchCertificates = async (files: TlsFiles, timers: Timers, log: Log, everyMs = LOOK_EVERY_MS): Promise<Certificates> => {
  const provider = new Provider(await readChecked(files));
  const stop: Stop = timers.every(everyMs, async () => {
    if (provider.take(await readChecked(files))) log.info({ file: files.certFile }, 'the certificate was replaced');
  }, (error) => log.warn({ error: String(error) }, 'the certificate files cannot be used; the last ones stay'));
  return {
    server: experimental.createCertificateProviderServerCredentials(provider, provider, true),
    channel: () => experimental.createCertificateProviderChannelCredentials(provider, provider),
    stop,
  };
};

const readChecked = async ({ caFile, certFile, keyFile }: TlsFiles): Promise<Read> => {
  try {
    const [ca, cert, key] = await Promise.all([caFile, certFile, keyFile].map((file) => readFile(file)));
    new X509Certificate(ca!);
    if (!new X509Certificate(cert!).checkPrivateKey(createPrivateKey(key!))) throw new Error('the key is not the certificate’s');
    return { ca: ca!, cert: cert!, key: key! };
  } catch (error) {
    throw new Fault('TLS_FILES_UNUSABLE', `${certFile}, ${keyFile}, ${caFile}: ${String(error)}`, true, { cause: error });
  }
};

/** What grpc-js asks for certificates; tells every connection made from then on about new ones. */
class Provider implements experimental.CertificateProvider {
  readonly #identity = new Set<experimental.IdentityCertificateUpdateListener>();
  readonly #ca = new Set<experimental.CaCertificateUpdateListener>();
  #now: Read;

  constructor(first: Read) {
    this.#now = first;
  }

  /** Whether it was another one. */
  take(read: Read): boolean {
    const { ca, cert, key } = this.#now;
    if (read.ca.equals(ca) && read.cert.equals(cert) && read.key.equals(key)) return false;
    this.#now = read;
    for (const tell of this.#ca) tell(this.#caUpdate());
    for (const tell of this.#identity) tell(this.#identityUpdate());
    return true;
  }
  #caUpdate(): Ca {
    return { caCertificate: this.#now.ca };
  }
  #identityUpdate(): Identity {
    return { certificate: this.#now.cert, privateKey: this.#now.key };
  }

  addCaCertificateListener(listener: experimental.CaCertificateUpdateListener): void {
    this.#ca.add(listener);
    process.nextTick(() => listener(this.#caUpdate()));
  }
  removeCaCertificateListener(listener: experimental.CaCertificateUpdateListener): void {
    this.#ca.delete(listener);
  }
  addIdentityCertificateListener(listener: experimental.IdentityCertificateUpdateListener): void {
    this.#identity.add(listener);
    process.nextTick(() => listener(this.#identityUpdate()));
  }
  removeIdentityCertificateListener(listener: experimental.IdentityCertificateUpdateListener): void {
    this.#identity.delete(listener);
  }
}

/** The names a certificate proves: its common name and its DNS names, each also without its domain. */
export const peerNamesOf = ({ subject, subjectaltname }: Pick<PeerCertificate, 'subject' | 'subjectaltname'>): readonly string[] => {
  const dns = (subjectaltname ?? '').split(', ').filter((name) => name.startsWith('DNS:')).map((name) => name.slice('DNS:'.length));
  const names = [...(typeof subject?.CN === 'string' ? [subject.CN] : []), ...dns];
  return [...new Set(names.flatMap((name) => [name, name.split('.')[0]!]))];
};
