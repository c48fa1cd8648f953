import type { RecordedEvent } from '@vouchsafe/event-store';
import { exponentOf } from '@vouchsafe/kernel';
import type { Range } from '../strict.js';
import { currencyOf, type Fields, fields, minorOf, nameOf, ratio, Sums, text } from './reading.js';

type Cost = { readonly book: string; readonly currency: string; readonly micros: readonly bigint[] };
/** Stock that is ours, at cost: what one unit costs by batch; whose it is, the units' own book says. */
export class StockCount {
  readonly #batches = new Map<string, Cost>();

  see(event: RecordedEvent): void {
    if (!event.stream.startsWith('pool-') || nameOf(event) !== 'StockReceived') return;
    const { batchId, terms: said } = event.data as Fields;
    const terms = fields(said);
    const agent = terms.presentation === 'agent';
    // On consignment, or sold for the issuer without having been paid: never ours.
    if (terms.terms === 'consignment' || (agent && terms.terms !== 'purchased')) return;
    const [cost, tax] = [minorOf(terms.unitCostMicros), minorOf(terms.unitTaxMicros)];
    this.#batches.set(text(batchId), { book: text(terms.bookId), currency: currencyOf(terms), micros: agent ? [cost, tax] : [cost] });
  }

  /** A unit costs what the units up to it cost, rounded, less what those before it do. */
  sums(inStock: Iterable<Range>): Sums {
    const sums = new Sums();
    for (const { batchId, from, to } of inStock) {
      const batch = this.#batches.get(batchId);
      if (!batch) continue;
      const scale = 10n ** BigInt(exponentOf(batch.currency));
      const upTo = (units: number, micros: bigint): bigint => ratio(micros * scale, BigInt(units), 1_000_000n);
      for (const micros of batch.micros) sums.add(batch.book, batch.currency, upTo(to, micros) - upTo(from, micros));
    }
    return sums;
  }
}
