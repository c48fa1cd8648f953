import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseEnvFile } from '../environment.js';
import { CommandFailure, EXIT } from '../speech.js';

/** Where a started platform listens, and the sandbox's keys. */
export type Ready = {
  readonly pid: number; readonly http: string; readonly grpc: string;
  readonly keys: Readonly<Record<string, string>>;
};
export type ServerPlaces = {
  /** Holds `data`, `keys`, `journal` and the env file of one platform. */
  readonly folder: string;
  readonly ports?: { readonly http: number; readonly grpc: number };
  readonly env?: Readonly<Record<string, string>>;
};

const START_MS = 60_000;
const POLL_MS = 20;

/** A platform in a process of its own, so that it can be killed. */
export class Server {
  #child: ChildProcess | undefined;
  #exited: Promise<number> = Promise.resolve(0);
  #stderr = '';
  #ready: Ready | undefined;
  constructor(readonly places: ServerPlaces) {}

  /** Starts it on what the folder holds, and waits until it serves. */
  async start(more: Readonly<Record<string, string>> = {}): Promise<Ready> {
    const { folder, ports, env } = this.places;
    const envFile = path.join(folder, 'env');
    const bin = path.resolve(__dirname, '../../bin/vouchsafe.js');
    const child = spawn(process.execPath, [bin, 'up', '--sandbox', '--keys-file', envFile, '--ready-line'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env, VOUCHSAFE_DATA: path.join(folder, 'data'), VOUCHSAFE_KEYS: path.join(folder, 'keys'), VOUCHSAFE_JOURNAL: path.join(folder, 'journal'),
        VOUCHSAFE_HTTP_PORT: String(ports?.http ?? 0), VOUCHSAFE_GRPC_PORT: String(ports?.grpc ?? 0), ...env, ...more,
      },
    });
    this.#child = child;
    this.#stderr = '';
    child.stderr.on('data', (chunk: Buffer) => { this.#stderr = (this.#stderr + chunk.toString()).slice(-8_000); });
    this.#exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? (signal ? 128 : 0))));
    await this.#served(child);
    const variables = existsSync(envFile) ? parseEnvFile(readFileSync(envFile, 'utf8')) : {};
    this.#ready = { pid: child.pid!, http: variables.VOUCHSAFE_URL ?? '', grpc: variables.VOUCHSAFE_GRPC ?? '', keys: variables };
    return this.#ready;
  }

  #served(child: ChildProcess): Promise<void> {
    return new Promise((resolve, reject) => {
      let out = '';
      const timer = setTimeout(() => reject(new CommandFailure(EXIT.unavailable, `平台在 ${START_MS / 1_000} 秒内未能启动：${this.#stderr}`, `the platform did not start in ${START_MS / 1_000} s: ${this.#stderr}`)), START_MS);
      child.stdout!.on('data', (chunk: Buffer) => {
        out += chunk.toString();
        if (!out.includes('READY')) return;
        clearTimeout(timer);
        resolve();
      });
      child.once('exit', (code) => {
        clearTimeout(timer);
        reject(new CommandFailure(EXIT.unavailable, `平台启动失败（${code}）：${this.#stderr}`, `the platform did not start (${code}): ${this.#stderr}`));
      });
    });
  }

  /** Where it listens now. */
  ready(): Ready {
    if (!this.#ready) throw new Error('the server was not started');
    return this.#ready;
  }

  /** Settles when the process has ended, however. */
  async gone(): Promise<void> {
    await this.#exited;
  }

  /** SIGKILL, as a power cut would. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#exited;
  }
  /** Asks it to drain; its exit code. */
  async stop(): Promise<number> {
    this.#child?.kill('SIGTERM');
    return this.#exited;
  }
  get pid(): number {
    return this.#child?.pid ?? 0;
  }
  /** The last it said on stderr, for reports of failures. */
  get complaints(): string {
    return this.#stderr;
  }
}

/** Tries `work` until it succeeds, at most `ms`: for calls made while a server is coming back. */
export const eventually = async <T>(ms: number, work: () => Promise<T>): Promise<T> => {
  const until = performance.now() + ms;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
};
