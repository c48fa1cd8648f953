import { randomInt } from 'node:crypto';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { has } from './tools.js';

/** Below the ports that systems give to outgoing connections, so that none of those takes it before its server listens. */
const PORTS = { from: 15_000, to: 32_000 };

/** Given away by this process, though perhaps nobody listens there yet. */
const given = new Set<number>();

/** A port nobody listens on just now, and that was not given away before. */
export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = randomInt(PORTS.from, PORTS.to);
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
};

const isFree = async (port: number): Promise<boolean> => {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch {
    return false; // somebody listens there: another port is tried
  }
  server.close();
  await once(server, 'close');
  return true;
};

/** Lets time pass. */
export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** One server process that dies with us, however we die. */
export class ServerProcess {
  readonly #command: readonly string[];
  readonly #logFile: string;
  #child: ChildProcess | undefined;
  #exited: Promise<unknown> = Promise.resolve();

  constructor(command: readonly string[], logFile: string) {
    this.#command = command;
    this.#logFile = logFile;
  }

  get alive(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }
  get pid(): number | undefined {
    return this.alive ? this.#child?.pid : undefined;
  }
  get log(): string {
    return readFileSync(this.#logFile, 'utf8');
  }

  spawn(): void {
    if (this.alive) throw new Error(`${this.#command[0]} runs already`);
    const log = openSync(this.#logFile, 'a');
    // setpriv (util-linux) has the kernel kill the server when this process dies, even by SIGKILL.
    const [program, ...args] = has('setpriv', '--version') ? ['setpriv', '--pdeathsig', 'KILL', ...this.#command] : this.#command;
    const child = spawn(program!, args, { stdio: ['ignore', log, log] });
    closeSync(log);
    const withUs = (): void => void child.kill('SIGKILL');
    process.once('exit', withUs);
    this.#exited = new Promise((resolve) => child.once('close', resolve).once('error', resolve)).then(() => process.off('exit', withUs));
    this.#child = child;
  }

  /** Sends a signal; settles at once, or for those that end a process when it has ended. */
  async signal(signal: NodeJS.Signals): Promise<void> {
    this.#child?.kill(signal);
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await this.#exited;
  }

  /** Settles when `ready` says so; rejects with the end of the log when the process ends before, or after `ms`. */
  async until(ready: () => boolean | Promise<boolean>, ms: number): Promise<void> {
    const end = Date.now() + ms;
    while (!(await ready())) {
      if (!this.alive || Date.now() > end) throw new Error(`${this.#command[0]} ${this.alive ? 'is not ready' : 'ended'}: ${this.log.slice(-2000)}`);
      await sleep(25);
    }
  }
}
