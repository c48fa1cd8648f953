import type { RecordedEvent } from '@vouchsafe/event-store';
import { type Fields, fields, nameOf, postingsOf, text } from '../../audit/counts/reading.js';

/** Sums of postings by kind of entry and account, debit above zero, out of the log. */
export class EntrySums {
  readonly #sums = new Map<string, bigint>();
  readonly #counts = new Map<string, number>();

  see(event: RecordedEvent): void {
    const name = nameOf(event);
    if (name !== 'EntryPosted' && name !== 'FundsCaptured') return;
    const entry = fields((event.data as Fields).entry);
    const kind = text(entry.kind);
    this.#counts.set(kind, this.count(kind) + 1);
    for (const [account, minor] of postingsOf(entry)) {
      const key = `${kind}\t${account}`;
      this.#sums.set(key, (this.#sums.get(key) ?? 0n) + minor);
    }
  }

  /** Entries of a kind. */
  count(kind: string): number {
    return this.#counts.get(kind) ?? 0;
  }
  /** What entries of a kind moved on the accounts whose names begin so. */
  of(kind: string, prefix: string): bigint {
    return this.#add((of, account) => of === kind && account.startsWith(prefix));
  }
  /** What is left on the accounts whose names begin so. */
  balance(prefix: string): bigint {
    return this.#add((_, account) => account.startsWith(prefix));
  }
  #add(wanted: (kind: string, account: string) => boolean): bigint {
    let total = 0n;
    for (const [key, minor] of this.#sums) {
      const [kind = '', account = ''] = key.split('\t');
      if (wanted(kind, account)) total += minor;
    }
    return total;
  }
}
