import type { Clock } from '@vouchsafe/runtime';
import type { Admin } from 'kafkajs';

const REFRESH_MS = 2000;
/** Partitions may be added; then keys have other owners. */
const KNOWN_FOR_MS = 60_000;

/** Which topics there are, and of how many partitions; looked up again every minute, and every two seconds while one is missing. */
export class TopicDirectory {
  readonly #admin: Admin;
  readonly #clock: Clock;
  #partitions: ReadonlyMap<string, number> = new Map();
  #replicas: ReadonlyMap<string, number> = new Map();
  #lookedUpAt = -Infinity;
  #looking: Promise<void> | undefined;

  constructor(admin: Admin, clock: Clock) {
    this.#admin = admin;
    this.#clock = clock;
  }

  /** Number of partitions; undefined where there is no such topic. */
  async partitionsOf(topic: string): Promise<number | undefined> {
    const age = this.#clock.monotonicMs() - this.#lookedUpAt;
    if (age >= (this.#partitions.has(topic) ? KNOWN_FOR_MS : REFRESH_MS)) {
      await (this.#looking ??= this.#lookUp().finally(() => (this.#looking = undefined)));
    }
    return this.#partitions.get(topic);
  }

  /** The fewest replicas of its partitions, as last looked up. */
  replicasOf(topic: string): number | undefined {
    return this.#replicas.get(topic);
  }

  async #lookUp(): Promise<void> {
    const names = await this.#admin.listTopics();
    const { topics } = names.length > 0 ? await this.#admin.fetchTopicMetadata({ topics: names }) : { topics: [] };
    this.#partitions = new Map(topics.map(({ name, partitions }) => [name, partitions.length]));
    this.#replicas = new Map(topics.map(({ name, partitions }) => [name, Math.min(...partitions.map(({ replicas }) => replicas.length))]));
    this.#lookedUpAt = this.#clock.monotonicMs();
  }
}
