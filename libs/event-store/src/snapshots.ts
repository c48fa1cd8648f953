import { hash } from 'node:crypto';
import type { Json, Shape } from '@vouchsafe/codec';
import type { Folded } from './folded.js';
import type { EventStore, Revision } from './port.js';
import { RecentMap } from './recent-map.js';

/** Where snapshots are kept. It may lose them, or give back something else: they are ignored when in doubt. */
export interface SnapshotCache {
  get(stream: string): Promise<Uint8Array | undefined>;
  put(stream: string, bytes: Uint8Array): Promise<void>;
}

export type SnapshotOptions<S> = {
  /** A snapshot is due when so many events came since the last. */
  readonly every: number;
  /** Of the code that folds and of the shape. Change it with either: older snapshots are then ignored. */
  readonly version: string;
  readonly shape: Shape<S>;
  readonly cache: SnapshotCache;
  /** A snapshot could not be taken or read; nothing depends on it. */
  readonly onError?: (stream: string, error: unknown) => void;
};

type Entry = {
  readonly version: string;
  readonly stream: string;
  readonly revision: Revision;
  readonly pub: number;
  readonly leaf: string;
  readonly state: Json;
};

const HASH_CHARS = 64;

/**
 * Snapshots of folded streams, so that long ones start fast. Each is bound to its stream's history by the leaf of the last
 * event in it: after a restored backup, or from a state that never became durable, it does not match and is ignored.
 */
export class Snapshots<S> {
  readonly #store: EventStore;
  readonly #options: SnapshotOptions<S>;
  /** Revision of the last snapshot known, of streams used lately. */
  readonly #taken: RecentMap<number>;
  readonly #taking = new Map<string, Promise<void>>();
  /** Snapshots that were there and could not be used. */
  ignored = 0;

  constructor(store: EventStore, options: SnapshotOptions<S>, streamsMax: number) {
    this.#store = store;
    this.#options = options;
    this.#taken = new RecentMap(streamsMax);
  }

  /** The stream as last snapshotted, if that can be trusted. */
  async load(stream: string): Promise<Folded<S> | undefined> {
    const { cache, version, shape, onError } = this.#options;
    try {
      const bytes = await cache.get(stream);
      if (!bytes) return undefined;
      const entry = read(Buffer.from(bytes));
      if (
        entry?.version === version &&
        entry.stream === stream &&
        (await this.#leafOf(stream, entry.revision)) === entry.leaf
      ) {
        const folded = { state: shape.read(entry.state, ''), revision: entry.revision, pub: entry.pub };
        this.#taken.set(stream, entry.revision);
        return folded;
      }
    } catch (error) {
      onError?.(stream, error);
    }
    this.ignored++;
    return undefined;
  }

  async #leafOf(stream: string, revision: Revision): Promise<string | undefined> {
    const [event] = await this.#store.readStream(stream, { from: revision, max: 1 });
    return event && Buffer.from(event.leaf).toString('hex');
  }

  /** Takes a snapshot beside the work, if one is due. */
  offer(stream: string, folded: Folded<S>): void {
    const due = folded.revision - (this.#taken.get(stream) ?? -1) >= this.#options.every;
    if (!due || this.#taking.has(stream)) return;
    this.#taken.set(stream, folded.revision);
    const taking = this.#take(stream, folded)
      .catch((error: unknown) => this.#options.onError?.(stream, error))
      .finally(() => this.#taking.delete(stream));
    this.#taking.set(stream, taking);
  }

  async #take(stream: string, { state, revision, pub }: Folded<S>): Promise<void> {
    const { version, shape, cache } = this.#options;
    const json = shape.write(state); // now, whatever becomes of the state meanwhile
    const [event] = await this.#store.readStream(stream, { from: revision, max: 1 });
    if (!event) return;
    await this.#store.durable(event.position);
    await cache.put(
      stream,
      write({ version, stream, revision, pub, leaf: Buffer.from(event.leaf).toString('hex'), state: json }),
    );
  }

  /** Settles when no snapshot is being taken. */
  async idle(): Promise<void> {
    await Promise.all(this.#taking.values());
  }
}

const write = (entry: Entry): Buffer => {
  const text = JSON.stringify(entry);
  return Buffer.from(hash('sha256', text) + text);
};
const read = (bytes: Buffer): Entry | undefined => {
  const text = bytes.toString('utf8', HASH_CHARS);
  return hash('sha256', text) === bytes.toString('latin1', 0, HASH_CHARS) ? (JSON.parse(text) as Entry) : undefined;
};
