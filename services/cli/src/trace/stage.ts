import { rmSync } from 'node:fs';
import path from 'node:path';
import { parseConfig, type Platform, type PlatformOptions, startPlatform } from '@vouchsafe/all-in-one';
import type { Instant } from '@vouchsafe/kernel';
import { type Clock, type Log, type SimulatedClock, simulatedClock } from '@vouchsafe/runtime';
import { pinoLog } from '@vouchsafe/telemetry';
import { Connection } from '../client/connection.js';
import { scratchFolder } from './scratch.js';

export type StageOptions = {
  readonly start: Instant; readonly channels: readonly string[]; readonly terminals: readonly string[];
  readonly lists?: string;
  /** What the sandbox's providers do otherwise than usual. */
  readonly sandbox?: PlatformOptions['sandbox'];
};

/**
 * Between steps simulated time goes on by itself, a quarter as fast as real time: whoever in the platform waits is woken, and a
 * machine that is busy with something else makes nobody give up.
 */
const DRIP = { everyMs: 200, ms: 50 };
/** Sleepers learn of the time that was skipped so often at most, in real time: there are many of them, and very many steps. */
const WAKE_MS = 200;

/**
 * The whole sandbox platform in this process on a temporary directory, on a simulated clock, called over gRPC through its gateway
 * as anybody else would. Only the clock is ours.
 */
export class Stage {
  #clock: SimulatedClock | undefined;
  readonly folder = scratchFolder();
  readonly #connections = new Map<string, Connection>();
  #platform: Platform | undefined;
  #drip: NodeJS.Timeout | undefined;
  #failure: Error | undefined;
  /** Skipped on the wall clock, not yet told to the sleepers. */
  #owedMs = 0;
  /** Skipped in all: durations do not count it, as a machine's do not count its sleep. */
  #skippedMs = 0;
  #wokenAt = 0;

  private constructor(readonly options: StageOptions) {
    this.#clock = simulatedClock(options.start);
  }

  static async open(options: StageOptions): Promise<Stage> {
    const stage = new Stage(options);
    try {
      await stage.#start();
      return stage;
    } catch (error) {
      await stage.close();
      throw error;
    }
  }

  async #start(): Promise<void> {
    const { channels, terminals, lists, sandbox } = this.options;
    const parsed = parseConfig({
      VOUCHSAFE_DATA: this.data, VOUCHSAFE_KEYS: path.join(this.folder, 'keys'), VOUCHSAFE_JOURNAL: path.join(this.folder, 'journal'),
      VOUCHSAFE_NAMESPACES: 'sandbox', VOUCHSAFE_HTTP_PORT: '0', VOUCHSAFE_GRPC_PORT: '0', ...(lists && { VOUCHSAFE_IP_LISTS: lists }),
    });
    if (!parsed.ok) throw new Error(parsed.problems.map(({ variable, en }) => `${variable}: ${en}`).join('; '));
    const log: Log = pinoLog({ level: 'error', name: 'vouchsafe' });
    const begin = (): void => { this.#drip = setInterval(() => void this.clock.leap(DRIP.ms), DRIP.everyMs); };
    begin();
    this.#platform = await startPlatform({ config: parsed.config, log, clock: this.#passing(), onFatal: (fault) => { this.#failure = fault; }, ...(sandbox && { sandbox }) });
    const keys = await this.#platform.sandboxKeys(channels, terminals);
    const { grpc } = this.#platform;
    this.#connections.set('admin', new Connection({ grpc, key: keys.admin.key.reveal() }));
    for (const [id, { key }] of [...keys.channels, ...keys.terminals]) this.#connections.set(id, new Connection({ grpc, key: key.reveal() }));
  }

  get clock(): SimulatedClock {
    if (!this.#clock) throw new Error('the stage was left');
    return this.#clock;
  }
  /** The directory that holds the namespaces' data. */
  get data(): string {
    return path.join(this.folder, 'data');
  }
  get platform(): Platform {
    if (!this.#platform) throw new Error('the stage has not been set');
    return this.#platform;
  }
  /** The connection of a channel or terminal, or of `admin`. */
  as(id: string): Connection {
    const connection = this.#connections.get(id);
    if (!connection) throw new Error(`nobody on this stage is called ${id}`);
    return connection;
  }

  /**
   * Goes on to a moment; nothing happens where it has passed. To be called while no order of ours is under way, for its deadlines
   * pass too. The wall clock is there at once; sleepers are woken then or a few steps later.
   */
  async goTo(at: Instant): Promise<void> {
    if (this.#failure) throw this.#failure;
    const ms = at - this.clock.now();
    if (ms <= 0) return;
    this.clock.jump(ms);
    this.#owedMs += ms;
    if (performance.now() - this.#wokenAt >= WAKE_MS) await this.wake();
  }
  /** Wakes everybody whose time has come. */
  async wake(): Promise<void> {
    const owed = this.#owedMs;
    this.#owedMs = 0;
    this.#skippedMs += owed;
    this.#wokenAt = performance.now();
    this.clock.jump(-owed);
    await this.clock.leap(owed);
  }

  /** The clock as the platform sees it: one that goes by itself, as real ones do. */
  #passing(): Clock {
    const { clock } = this;
    return { now: () => clock.now(), monotonicMs: () => clock.monotonicMs() - this.#skippedMs, sleep: (ms, signal) => clock.sleep(ms, signal) };
  }

  /** Stops the platform; its directory stays for the audit. */
  async stop(): Promise<void> {
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
    await this.#platform?.stop();
    clearInterval(this.#drip);
    // Whoever sleeps on the clock holds on to the platform: without it the memory is free for what comes after.
    this.#platform = undefined;
    this.#clock = undefined;
  }
  /** Stops and removes everything. */
  async close(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
