import { type Range, tellIn } from './strict.js';

/** Where a unit is, in the auditor's own words. */
const [UNKNOWN, FREE, RESERVED, COMMITTED, LOST] = [0, 1, 2, 3, 4];
const WORDS = ['unknown', 'free', 'reserved', 'committed', 'lost'];
const GRANTED = 16;
const DISCLOSED = 32;
const PLACE = 15;

const isStock = (state: number): boolean => (state & PLACE) !== UNKNOWN && (state & PLACE) !== LOST && (state & GRANTED) === 0;

/** A batch's units, a byte each: a place, and whether a grant holds it and whether its secret left. */
type Batch = { units: Uint8Array };

/**
 * Follows every unit through reservation, sale, grant, disclosure and loss, from the events' data alone and with none of the
 * services' code, and tells each step that must not be.
 */
export class UnitBook {
  readonly #batches = new Map<string, Batch>();
  readonly violations: string[] = [];

  received(ranges: readonly Range[]): void {
    this.#move(ranges, 'received', [UNKNOWN], FREE);
  }
  reserved(ranges: readonly Range[]): void {
    this.#move(ranges, 'reserved', [FREE], RESERVED);
  }
  committed(ranges: readonly Range[]): void {
    this.#move(ranges, 'sold', [RESERVED], COMMITTED);
  }
  freed(ranges: readonly Range[]): void {
    this.#each(ranges, (batch, index, state, range) => {
      if ((state & PLACE) !== RESERVED && (state & PLACE) !== COMMITTED) this.tell(`returned while ${WORDS[state & PLACE]}`, range, index);
      if (state & DISCLOSED) this.tell('back on sale although its secret was disclosed', range, index);
      batch.units[index] = FREE;
    });
  }
  lost(ranges: readonly Range[]): void {
    this.#each(ranges, (batch, index) => { batch.units[index] = LOST; });
  }
  granted(ranges: readonly Range[]): void {
    this.#each(ranges, (batch, index, state, range) => {
      if ((state & PLACE) !== COMMITTED) this.tell(`granted while ${WORDS[state & PLACE]}`, range, index);
      if (state & GRANTED) this.tell('granted twice: one code in two orders', range, index);
      batch.units[index] = state | GRANTED;
    });
  }
  disclosed(ranges: readonly Range[]): void {
    this.#each(ranges, (batch, index, state, range) => {
      if (!(state & GRANTED)) this.tell('disclosed without a grant', range, index);
      batch.units[index] = state | DISCLOSED;
    });
  }

  /** Units by place, over all batches. */
  counts(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { units } of this.#batches.values()) {
      for (const state of units) {
        const word = WORDS[state & PLACE]!;
        if ((state & PLACE) !== UNKNOWN) counts[word] = (counts[word] ?? 0) + 1;
      }
    }
    return counts;
  }

  /** Ranges that are our stock still: unsold, or sold and not yet granted. */
  *inStock(): Iterable<Range> {
    for (const [batchId, { units }] of this.#batches) {
      let from = -1;
      for (let index = 0; index <= units.length; index++) {
        const held = isStock(units[index] ?? UNKNOWN);
        if (held && from < 0) from = index;
        if (held || from < 0) continue;
        yield { batchId, from, to: index };
        from = -1;
      }
    }
  }

  #move(ranges: readonly Range[], verb: string, from: readonly number[], to: number): void {
    this.#each(ranges, (batch, index, state, range) => {
      if (!from.includes(state & PLACE)) this.tell(`${verb} while ${WORDS[state & PLACE]}`, range, index);
      batch.units[index] = to;
    });
  }
  #each(ranges: readonly Range[], visit: (batch: Batch, index: number, state: number, range: Range) => void): void {
    for (const range of ranges) {
      const batch = this.#batch(range);
      for (let index = range.from; index < range.to; index++) visit(batch, index, batch.units[index]!, range);
    }
  }
  #batch({ batchId, to }: Range): Batch {
    const batch = this.#batches.get(batchId) ?? { units: new Uint8Array(1024) };
    this.#batches.set(batchId, batch);
    if (to > batch.units.length) {
      const grown = new Uint8Array(Math.max(to, batch.units.length * 2));
      grown.set(batch.units);
      batch.units = grown;
    }
    return batch;
  }
  /** Something must not be with these units, or with one of them. */
  tell(what: string, range?: Range, index = range?.from): void {
    tellIn(this.violations, range ? `${range.batchId} #${index}: ${what}` : what);
  }
}
