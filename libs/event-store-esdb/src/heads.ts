import { categoryOf, type Position, START } from '@vouchsafe/event-store';
import type { Clock, Log } from '@vouchsafe/runtime';
import type { Connection } from './connection.js';
import { positionOf } from './esdb-event.js';
import type { Names } from './names.js';

/** The log's end is looked at no more often. */
const LOOK_EVERY_MS = 2_000;
/** So many of the last events are looked at: a server keeps events of its own among them. */
const LOOK_AT = 32;

export type HeadsOptions = { readonly connection: Connection; readonly names: Names; readonly clock: Clock; readonly log: Log };

/**
 * Where the last event of each category lies, as far as this process has heard: of what it appended, read and follows, and of the log's
 * end, which is looked at while somebody asks. So who follows rare events is not told that others' are its own.
 */
export class Heads {
  readonly #options: HeadsOptions;
  readonly #last = new Map<string, Position>();
  /** What lay in the log when this process came may be of anybody. */
  #begun: Position = START;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;

  constructor(options: HeadsOptions) {
    this.#options = options;
  }

  begin(at: Position): void {
    this.#begun = at;
  }
  seen(stream: string, position: Position): void {
    const category = categoryOf(stream);
    if (position > (this.#last.get(category) ?? START)) this.#last.set(category, position);
  }

  /** The last event that may be of `categories`. */
  of(categories: readonly string[]): Position {
    this.#look();
    let last = this.#begun;
    for (const category of categories) {
      const at = this.#last.get(category) ?? START;
      if (at > last) last = at;
    }
    return last;
  }

  /** For the next who asks: nobody waits for it, and nothing rests on it. */
  #look(): void {
    const { clock, log } = this.#options;
    if (this.#looking || clock.monotonicMs() - this.#lookedMs < LOOK_EVERY_MS) return;
    this.#lookedMs = clock.monotonicMs();
    this.#looking = this.#lookAtEnd().catch((error: unknown) => log.debug({ error: String(error) }, 'the end of the log cannot be looked at')).finally(() => (this.#looking = undefined));
  }
  async #lookAtEnd(): Promise<void> {
    const { connection, names } = this.#options;
    for (const event of await connection.readEnd(LOOK_AT)) {
      const stream = names.ours(event.streamId);
      if (stream !== undefined) this.seen(stream, positionOf(event));
    }
  }
  /** Settles when nothing is asked of the server any more. */
  async idle(): Promise<void> {
    await this.#looking;
  }
}
