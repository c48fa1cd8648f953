import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';

const POLL_MS = 50;
/** Signals that end no process of ours. */
const GOES_ON: ReadonlySet<NodeJS.Signals> = new Set(['SIGSTOP', 'SIGCONT', 'SIGUSR2']);
const TAIL = 2_000;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export type ChildOptions = { readonly name: string; readonly args: readonly string[]; readonly env: Readonly<Record<string, string>>; readonly logFile: string };

/** One of our processes, on the same Node, with a log file of its own. Where the kernel can (Linux), it is killed with us, however we end. */
export class Child {
  readonly #options: ChildOptions;
  #args: readonly string[];
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(options: ChildOptions) {
    this.#options = options;
    this.#args = options.args;
  }
  get name(): string {
    return this.#options.name;
  }
  get pid(): number | undefined {
    return this.isAlive ? this.#child?.pid : undefined;
  }
  get isAlive(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }
  get exitCode(): number | null | undefined {
    return this.#child?.exitCode;
  }
  /** All it has written. */
  get log(): string {
    return existsSync(this.#options.logFile) ? readFileSync(this.#options.logFile, 'utf8') : '';
  }

  /** What it runs from its next start on: another version of itself. */
  becomes(...args: readonly string[]): void {
    this.#args = args;
  }

  /** `more`: variables that count besides its own, this once. */
  start(more: Readonly<Record<string, string>> = {}): void {
    const { env, logFile } = this.#options;
    const log = openSync(logFile, 'a', 0o600);
    const command = [process.execPath, '--enable-source-maps', ...this.#args];
    // setpriv (util-linux) has the kernel end it with us, also where we are killed.
    const isLinux = process.platform === 'linux' && existsSync('/usr/bin/setpriv');
    const [program, ...rest] = isLinux ? ['/usr/bin/setpriv', '--pdeathsig', 'KILL', ...command] : command;
    const child = spawn(program!, rest, { stdio: ['ignore', log, log], env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env, ...more } });
    closeSync(log);
    this.#ended = new Promise<void>((resolve) => child.once('close', () => resolve()).once('error', () => resolve()));
    this.#child = child;
  }

  /** Settles when `isReady` says so; rejects with the end of the log where the process ends before, or after `ms`. */
  async until(isReady: () => Promise<boolean>, ms: number): Promise<void> {
    const end = Date.now() + ms;
    while (!(await isReady())) {
      if (!this.isAlive || Date.now() > end) throw new Error(`${this.name} ${this.isAlive ? `is not ready after ${ms} ms` : 'ended'}: ${this.log.slice(-TAIL)}`);
      await sleep(POLL_MS);
    }
  }
  /** Sends a signal. Signals that end it are awaited. */
  async signal(signal: NodeJS.Signals): Promise<void> {
    this.#child?.kill(signal);
    if (!GOES_ON.has(signal)) await this.#ended;
  }
  /** Asks it to drain. One that has not ended after `ms` is killed, and that is told by a rejection. */
  async end(ms: number): Promise<void> {
    this.#child?.kill('SIGTERM');
    let late: NodeJS.Timeout | undefined;
    const isLate = new Promise<true>((resolve) => { late = setTimeout(() => resolve(true), ms); });
    const wasLate = (await Promise.race([this.#ended, isLate])) === true;
    clearTimeout(late);
    if (!wasLate) return;
    await this.signal('SIGKILL');
    throw new Error(`${this.name} did not end within ${ms} ms of SIGTERM and was killed: ${this.log.slice(-TAIL)}`);
  }
  /** At once, without waiting. */
  kill(): void {
    this.#child?.kill('SIGKILL');
  }
  /** Settles when it has ended by itself. */
  ended(): Promise<void> {
    return this.#ended;
  }
}
