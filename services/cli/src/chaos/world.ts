import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Child, Cluster, ClusterOptions } from '@vouchsafe/cluster';
import type { EventStore } from '@vouchsafe/event-store';
import { openEsdbStore } from '@vouchsafe/event-store-esdb';
import { type Random, seededRandom, silentLog, systemClock } from '@vouchsafe/runtime';
import { Acks } from '../crash/acks.js';
import { furnish } from '../demo/furnish.js';
import { CHANNELS, type Clients, clientsOf, TERMINAL } from './clients.js';
import { Load } from './load.js';
import type { ViewsPlace } from './views.js';

export type Plan = {
  readonly seed: number;
  /** How often a scenario does its harm. */
  readonly rounds: number;
  /** Orders a second. */
  readonly rate: number;
  /** Milliseconds after the last fault within which every order has ended (R18: a minute). */
  readonly patienceMs: number;
  /** A compiled checkout of the version before: what a rolling restart begins with. */
  readonly previous?: string;
  /** Keeps data and logs. */
  readonly keep: boolean;
};

/** Stock is laid in for so long. */
const STOCK_SECONDS = 300;
/** Of the deployment: what its topics, databases and streams are called by. */
export const NAME = 'chaos';
export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

type Parts = { readonly clients: Clients; readonly store: EventStore; readonly acks: Acks };

/** A cluster of its own for one scenario, furnished, with clients and a load. */
export class World {
  readonly random: Random;
  readonly load: Load;
  private constructor(readonly folder: string, readonly plan: Plan, readonly cluster: Cluster, { clients, store, acks }: Parts, readonly note: (line: string) => void) {
    this.random = seededRandom(plan.seed);
    this.clients = clients;
    this.store = store;
    this.acks = acks;
    this.load = new Load(clients, acks);
  }
  readonly clients: Clients;
  readonly store: EventStore;
  readonly acks: Acks;

  static async open(plan: Plan, note: (zh: string, en: string) => void, more: Partial<Pick<ClusterOptions, 'brokers' | 'eventStoreVia' | 'environment'>> = {}): Promise<World> {
    const { startCluster } = await import('@vouchsafe/cluster');
    const folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-chaos-'));
    const cluster = await startCluster({ folder, name: NAME, own: true, channels: CHANNELS, terminals: [TERMINAL], note, ...(plan.previous !== undefined && { previous: plan.previous }), ...more });
    try {
      const clients = clientsOf(cluster);
      mkdirSync(path.join(folder, 'goods'));
      const units = plan.rate * STOCK_SECONDS;
      await furnish(clients.admin, path.join(folder, 'goods'), { months: units * 2, seats: 1, coffee: Math.ceil(units / 4), tens: 1 });
      const { url, prefix } = cluster.eventStore;
      const store = await openEsdbStore({ connectionString: url, prefix, clock: systemClock(), log: silentLog });
      const acks = new Acks(path.join(folder, 'acks.ndjson'));
      return new World(folder, plan, cluster, { clients, store, acks }, (line) => note(line, line));
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  get views(): ViewsPlace {
    return { uri: this.cluster.mongo, database: NAME };
  }

  child(service: string): Child {
    return this.cluster.processes.get(service)!;
  }

  /** Processes that have ended and were not begun again. */
  get dead(): readonly string[] {
    return [...this.cluster.processes.values()].filter(({ isAlive }) => !isAlive).map(({ name }) => name);
  }

  /** The sum of a figure over all services that run, and labels. */
  async sum(metric: string): Promise<number> {
    const texts = await Promise.all([...this.cluster.processes.keys()].filter((name) => name !== 'event-store' && this.child(name).isAlive).map((name) => this.cluster.metrics(name)));
    const values = texts.flatMap((text) => text.split('\n')).filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `)).map((line) => Number(line.split(' ').at(-1)));
    return values.reduce((sum, value) => sum + value, 0);
  }

  async close(): Promise<void> {
    await this.load.end(0);
    this.clients.close();
    this.acks.close();
    await this.store.close();
    await this.cluster.stop();
    if (this.plan.keep) this.note(this.folder);
    else rmSync(this.folder, { recursive: true, force: true });
  }
}
