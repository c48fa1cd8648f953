import type { Position, Revision } from '../../port.js';
import { FRESH, Tail } from './tail.js';

/** Streams' ends in memory: those changed lately, by generation, and those read lately. Bounded by how often it is frozen. */
export class TailMemory {
  /** Changed since the last freeze; and between the two freezes before that. */
  #active = new Map<string, Tail>();
  #frozen = new Map<string, Tail>();
  /** Read from the runs: the newer and the older half of what is kept. */
  #loaded = new Map<string, Tail>();
  #loadedBefore = new Map<string, Tail>();
  #generation = 1;
  #rows = 0;

  constructor(readonly loadedMax: number) {}

  get generation(): number {
    return this.#generation;
  }
  /** Rows that the changes since the last freeze will make in a run. */
  get rows(): number {
    return this.#rows;
  }
  get size(): number {
    return this.#active.size + this.#frozen.size + this.#loaded.size + this.#loadedBefore.size;
  }

  get(stream: string): Tail | undefined {
    const changed = this.#changed(stream);
    if (changed || this.#loaded.size + this.#loadedBefore.size === 0) return changed;
    return this.#loaded.get(stream) ?? this.#loadedBefore.get(stream);
  }
  #changed(stream: string): Tail | undefined {
    return this.#active.get(stream) ?? this.#frozen.get(stream);
  }

  /** Moves a stream's end. `tail`: as {@link get} gave it in the same turn, or one of a stream that did not exist. */
  advance(stream: string, tail: Tail, revision: Revision, position: Position): Tail {
    const mine = tail.generation === this.#generation ? tail : this.#adopt(stream, tail);
    if (mine.moveTo(revision, position)) this.#rows++;
    return mine;
  }

  #adopt(stream: string, tail: Tail): Tail {
    this.#rows++;
    if (tail.generation === FRESH) {
      tail.generation = this.#generation;
      this.#active.set(stream, tail);
      return tail;
    }
    const mine = new Tail(tail.a, tail.b, tail.c, this.#generation);
    this.#active.set(stream, mine);
    // Else this older end would come to light again when the changed one is frozen away.
    this.#loaded.delete(stream);
    this.#loadedBefore.delete(stream);
    return mine;
  }

  /** Keeps what was read from the runs, unless the stream changed since `generation`, when the reading began. */
  keep(stream: string, tail: Tail, generation: number): void {
    if (generation !== this.#generation || this.#changed(stream)) return;
    if (this.#loaded.size * 2 >= this.loadedMax) {
      this.#loadedBefore = this.#loaded;
      this.#loaded = new Map();
    }
    this.#loaded.set(stream, tail);
  }

  /** Position of a marked revision, if it got its mark since the last freeze but one. */
  markAt(stream: string, revision: Revision): Position | undefined {
    return this.#active.get(stream)?.markAt(revision) ?? this.#frozen.get(stream)?.markAt(revision);
  }

  /** Begins a new generation and gives what changed in the one that ends. What changed before that is forgotten. */
  freeze(): { readonly tails: ReadonlyMap<string, Tail>; readonly rows: number } {
    const rows = this.#rows;
    this.#frozen = this.#active;
    this.#active = new Map();
    this.#generation++;
    this.#rows = 0;
    return { tails: this.#frozen, rows };
  }

  clear(): void {
    this.freeze();
    this.freeze();
    this.#loaded.clear();
    this.#loadedBefore.clear();
  }
}
