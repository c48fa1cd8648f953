import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runLoad } from './load.js';
import { startEcho } from './references.js';

/** A grpc-js echo in a process of its own. */
export type Echo = { readonly target: string; readonly pid: number; readonly stop: () => void };

const READY_MS = 10_000;

/** Starts the echo server as a child of this script (`node echo.js serve`). */
export const spawnEcho = (): Promise<Echo> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [__filename, 'serve'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const timer = setTimeout(() => reject(new Error('the echo server did not start')), READY_MS);
    child.stdout.once('data', (chunk: Buffer) => {
      clearTimeout(timer);
      resolve({ target: chunk.toString().trim(), pid: child.pid!, stop: () => child.kill() });
    });
  });

const h2load = (): boolean => {
  try {
    execFileSync('h2load', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false; // not installed: our own generator does it
  }
};

export type EchoRate = { readonly perSecond: number; readonly by: 'h2load' | 'own load generator' };

/** Echoes per second of `bytes` bytes at 64 in flight on 4 connections. */
export const echoRate = async (echo: Echo, bytes: number, seconds: number): Promise<EchoRate> => {
  const body = Buffer.alloc(bytes, 120);
  if (!h2load()) {
    const { perSecond } = await runLoad({ target: echo.target, path: '/bench.Echo/Echo', key: '', sessions: 4, inFlight: 64, seconds, request: () => body });
    return { perSecond, by: 'own load generator' };
  }
  const folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-echo-'));
  const file = path.join(folder, 'body');
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes, 1);
  writeFileSync(file, Buffer.concat([head, body]));
  try {
    const out = execFileSync('h2load', ['-c', '4', '-m', '16', '-D', String(seconds), '-d', file, '-H', 'content-type: application/grpc', '-H', 'te: trailers', `http://${echo.target}/bench.Echo/Echo`], { encoding: 'utf8' });
    return { perSecond: Number(/([\d.]+) req\/s/.exec(out)?.[1] ?? 0), by: 'h2load' };
  } finally {
    rmSync(folder, { recursive: true });
  }
};

if (process.argv[2] === 'serve' && require.main === module) {
  void startEcho().then(({ target }) => process.stdout.write(`${target}\n`));
}
