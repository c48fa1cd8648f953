import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { instant, plusMs } from '@vouchsafe/kernel';
import { OrderService } from '@vouchsafe/proto/order/v1/order';
import type { Caller, CallContext } from '@vouchsafe/rpc';
import { serveSome } from '@vouchsafe/rpc/testing';
import { clockTimers, silentLog, systemClock } from '@vouchsafe/runtime';
import { type Certificates, type TlsFiles, watchCertificates } from './index.js';
import { peerNamesOf } from './certificates.js';
import { SERVER, type Two, twoProcesses } from './testing/two-processes.js';

const CHANNEL: Caller = { principalId: 'pri_shop', kind: 'channel', namespace: 'sandbox', channelId: 'chn_shop', permissions: new Set() };
const { getOrder } = OrderService.method;
const LOOK_MS = 20;
const timers = clockTimers(systemClock());
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
/** Certificates are made by openssl; where there is none this is skipped by name. */
const whereOpenssl = hasOpenssl ? describe : describe.skip;

whereOpenssl('mutual TLS (certificates made by openssl)', () => {
  let folder: string;
  let two: Two | undefined;
  const watched: Certificates[] = [];
  const watch = async (files: TlsFiles): Promise<Certificates> => {
    const certificates = await watchCertificates(files, timers, silentLog, LOOK_MS);
    watched.push(certificates);
    return certificates;
  };
  beforeEach(() => void (folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-tls-'))));
  afterEach(async () => {
    await two?.close();
    two = undefined;
    for (const certificates of watched.splice(0)) await certificates.stop();
    rmSync(folder, { recursive: true });
  });

  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const authority = (name: string): void => openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.crt`);
  /** Files of one process: certified by `by`, under its own name and localhost. */
  const certified = (name: string, by: string, as = name): TlsFiles => {
    writeFileSync(path.join(folder, `${as}.ext`), `subjectAltName=DNS:${name}.shop.svc,DNS:localhost\n`);
    openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${name}`, '-keyout', `${as}.key`, '-out', `${as}.csr`);
    openssl('x509', '-req', '-in', `${as}.csr`, '-CA', `${by}.crt`, '-CAkey', `${by}.key`, '-CAcreateserial', '-days', '2', '-extfile', `${as}.ext`, '-out', `${as}.crt`);
    return { caFile: path.join(folder, `${by}.crt`), certFile: path.join(folder, `${as}.crt`), keyFile: path.join(folder, `${as}.key`) };
  };
  const replace = (files: TlsFiles, by: TlsFiles): void => {
    for (const name of ['caFile', 'certFile', 'keyFile'] as const) copyFileSync(by[name], files[name]);
  };
  const copies = (files: TlsFiles, as: string): TlsFiles => {
    const copied = { caFile: path.join(folder, `${as}-ca.pem`), certFile: path.join(folder, `${as}.pem`), keyFile: path.join(folder, `${as}-key.pem`) };
    replace(copied, files);
    return copied;
  };
  const context = (): CallContext => ({ caller: CHANNEL, requestId: 'req_1', deadline: plusMs(instant(Date.now()), 5_000), locale: 'en' });
  const answerOf = ({ client }: Two): Promise<unknown> => client.call(getOrder, {}, context()).then(() => 'answered', (error: unknown) => error);
  const shop = async (server: TlsFiles, client: TlsFiles | undefined): Promise<Two> => {
    two = await twoProcesses({ host: 'localhost', server: { certificates: await watch(server) }, ...(client && { client: { certificates: await watch(client) } }) });
    serveSome(two.server, OrderService, { getOrder: async () => ({}) });
    return two;
  };

  it('lets those in whom the authority certified under the name in their token', async () => {
    authority('ca');
    expect(await answerOf(await shop(certified(SERVER, 'ca'), certified('caller', 'ca')))).toBe('answered');
  });
  it('refuses a token in the hands of another process', async () => {
    authority('ca');
    expect(await answerOf(await shop(certified(SERVER, 'ca'), certified('thief', 'ca')))).toMatchObject({ code: 'PEER_REFUSED', message: expect.stringContaining('PEER_WRONG') });
  });
  it('lets nobody in without a certificate, nor with another authority’s', async () => {
    authority('ca');
    authority('other');
    const server = certified(SERVER, 'ca');
    expect(await answerOf(await shop(server, undefined))).toMatchObject({ code: 'UNAVAILABLE' });
    await two!.close();
    const stranger = { ...certified('caller', 'other'), caFile: server.caFile };
    expect(await answerOf(await shop(server, stranger))).toMatchObject({ code: 'UNAVAILABLE' });
  });
  it('takes new files up while it runs: a new authority on both sides, without a restart', async () => {
    authority('ca');
    authority('next');
    const [server, client] = [certified(SERVER, 'ca'), certified('caller', 'ca')];
    const certificates = await watch(client);
    const running = await shop(server, client);
    expect(await answerOf(running)).toBe('answered');
    const [newServer, newClient] = [certified(SERVER, 'next', 'server-2'), certified('caller', 'next', 'client-2')];
    const old = await watch(copies(client, 'old'));
    replace(server, newServer);
    replace(client, newClient);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS * 10));
    // Its files name the old authority, whom the server left.
    expect(await answerOf({ ...running, client: running.connect({ certificates: old }) })).toMatchObject({ code: 'UNAVAILABLE' });
    expect(await answerOf({ ...running, client: running.connect({ certificates }) })).toBe('answered');
    expect(await answerOf({ ...running, client: running.connect({ certificates: await watch(newClient) }) })).toBe('answered');
  });
  it('keeps the last good files when what it finds does not fit together', async () => {
    authority('ca');
    const files = certified(SERVER, 'ca');
    const running = await shop(files, certified('caller', 'ca'));
    writeFileSync(files.certFile, 'half a certifi');
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS * 5));
    expect(await answerOf(running)).toBe('answered');
  });
  it('tells at the start what is wrong with its files', async () => {
    authority('ca');
    const [mine, others] = [certified('a', 'ca'), certified('b', 'ca')];
    await expect(watch({ ...mine, keyFile: others.keyFile })).rejects.toMatchObject({ code: 'TLS_FILES_UNUSABLE', message: expect.stringContaining('the key is not the certificate’s') });
    await expect(watch({ ...mine, keyFile: path.join(folder, 'absent') })).rejects.toMatchObject({ code: 'TLS_FILES_UNUSABLE' });
  });
});

it('reads all names that a certificate proves', () => {
  expect(peerNamesOf({ subject: { CN: 'order' }, subjectaltname: 'DNS:vouchsafe-order.shop.svc, IP Address:127.0.0.1, DNS:order' })).toEqual(['order', 'vouchsafe-order.shop.svc', 'vouchsafe-order']);
  expect(peerNamesOf({ subject: {}, subjectaltname: undefined })).toEqual([]);
});
