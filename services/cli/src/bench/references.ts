import { createCipheriv, randomBytes } from 'node:crypto';
import { closeSync, constants, fdatasync, fdatasyncSync, mkdtempSync, openSync, rmSync, write, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Server, ServerCredentials } from '@grpc/grpc-js';

/** What others could at best do on this machine, measured in the same run as ours. */

/** A grpc-js unary echo of raw bytes on loopback; the address and a way to stop it. */
export const startEcho = async (): Promise<{ readonly target: string; readonly stop: () => void }> => {
  const server = new Server();
  const raw = (bytes: Buffer): Buffer => bytes;
  server.addService(
    { echo: { path: '/bench.Echo/Echo', requestStream: false, responseStream: false, requestSerialize: raw, requestDeserialize: raw, responseSerialize: raw, responseDeserialize: raw } },
    { echo: (call: { request: Buffer }, done: (error: null, answer: Buffer) => void) => done(null, call.request) },
  );
  const port = await promisify(server.bindAsync.bind(server))('127.0.0.1:0', ServerCredentials.createInsecure());
  return { target: `127.0.0.1:${port}`, stop: () => server.forceShutdown() };
};

/** Bare appends of `bytes` + fdatasync, one after another, in a preallocated file: appends per second. */
export const bareAppends = async (bytes: number, seconds: number): Promise<number> => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-bench-'));
  const fd = openSync(path.join(folder, 'file'), constants.O_RDWR | constants.O_CREAT);
  const block = randomBytes(bytes);
  const size = 256 << 20;
  for (let at = 0; at < size; at += 1 << 20) writeSync(fd, Buffer.alloc(1 << 20), 0, 1 << 20, at);
  fdatasyncSync(fd);
  const [put, sync] = [promisify(write), promisify(fdatasync)];
  const from = performance.now();
  let appends = 0;
  for (let at = 0; performance.now() - from < seconds * 1000; at = at + 2 * bytes < size ? at + bytes : 0) {
    await put(fd, block, 0, bytes, at);
    await sync(fd);
    appends++;
  }
  const rate = appends / ((performance.now() - from) / 1000);
  closeSync(fd);
  rmSync(folder, { recursive: true });
  return rate;
};

/** AES-256-GCM encryptions of 48 bytes with a counter IV, one thread: per second. */
export const bareEncrypts = (seconds: number): number => {
  const key = randomBytes(32);
  const iv = Buffer.alloc(12);
  const plain = randomBytes(48);
  const from = performance.now();
  let done = 0;
  while (performance.now() - from < seconds * 1000) {
    for (let i = 0; i < 1000; i++) {
      iv.writeUInt32BE(done + i, 8);
      const cipher = createCipheriv('aes-256-gcm', key, iv);
      cipher.update(plain);
      cipher.final();
      cipher.getAuthTag();
    }
    done += 1000;
  }
  return done / ((performance.now() - from) / 1000);
};
