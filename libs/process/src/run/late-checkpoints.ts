import type { Position } from '@vouchsafe/event-store';
import type { ReadStore } from '@vouchsafe/read-store';
import type { Clock, Log } from '@vouchsafe/runtime';

/** Of those who hand events on: their checkpoint only says what need not be handed on again. */
const PUBLISHERS = 'publisher/';
const AGAIN_MS = 1_000;
/** A last attempt at the end takes no longer: the next start hands some events on again. */
const FLUSH_MS = 2_000;
type Waiting = { readonly position: Position; readonly witness: Parameters<ReadStore['saveCheckpoint']>[2] };
export type LateCheckpoints = { readonly readStore: ReadStore; /** Writes what waits, if that can be done soon. */ flush(): Promise<void> };

/**
 * Lets publishers go on while MongoDB is away: a checkpoint of theirs is written when it can be, the newest alone, and nobody waits for it. Others'
 * checkpoints stand for documents in the same place and are waited for as ever.
 */
export const lateCheckpoints = (readStore: ReadStore, { clock, log }: { readonly clock: Clock; readonly log: Log }): LateCheckpoints => {
  const late = new Late(readStore, clock, log);
  const { runners } = readStore;
  return {
    flush: () => late.flush(),
    readStore: {
      collection: (spec) => readStore.collection(spec),
      collectionNames: () => readStore.collectionNames(),
      dropCollection: (name) => readStore.dropCollection(name),
      replaceCollection: (name, replacement) => readStore.replaceCollection(name, replacement),
      loadCheckpoint: async (name) => late.waiting(name) ?? readStore.loadCheckpoint(name),
      saveCheckpoint: async (name, position, witness) => (name.startsWith(PUBLISHERS) ? late.save(name, { position, witness }) : readStore.saveCheckpoint(name, position, witness)),
      ...(readStore.loadWitness && { loadWitness: (name) => readStore.loadWitness!(name) }),
      ...(readStore.commit && { commit: (commit) => readStore.commit!(commit) }),
      ...(runners && { runners }),
      close: () => readStore.close(),
    },
  };
};

class Late {
  readonly #waiting = new Map<string, Waiting>();
  readonly #ending = new AbortController();
  #writing: Promise<void> | undefined;
  #told = false;
  constructor(readonly readStore: ReadStore, readonly clock: Clock, readonly log: Log) {}

  waiting(name: string): Position | undefined {
    return this.#waiting.get(name)?.position;
  }
  save(name: string, waiting: Waiting): void {
    this.#waiting.set(name, waiting);
    this.#writing ??= this.#write().finally(() => (this.#writing = undefined));
  }

  async #write(): Promise<void> {
    for (let [next] = this.#waiting; next && !this.#ending.signal.aborted; [next] = this.#waiting) {
      const [name, waiting] = next;
      try {
        await this.readStore.saveCheckpoint(name, waiting.position, waiting.witness);
        if (this.#waiting.get(name) === waiting) this.#waiting.delete(name);
        this.#told = false;
      } catch (error) {
        if (!this.#told) this.log.warn({ name, error: String(error) }, 'a checkpoint cannot be written: after a restart some events are handed on again');
        this.#told = true;
        await this.clock.sleep(AGAIN_MS, this.#ending.signal);
      }
    }
  }

  async flush(): Promise<void> {
    const over = new AbortController();
    await Promise.race([this.#writing, this.clock.sleep(FLUSH_MS, over.signal)]).finally(() => over.abort());
    this.#ending.abort();
  }
}
