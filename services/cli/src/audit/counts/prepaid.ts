import type { RecordedEvent } from '@vouchsafe/event-store';
import { currencyOf, type Fields, fields, list, minorOf, nameOf, type Owed, owedOf, postingsOf, ratio, Sums, text } from './reading.js';

type PrepaidOrder = Owed & { readonly gross: ReadonlyMap<string, bigint>; readonly delivered: Set<string> };
const PREPAID = 'liabilities:channel:prepaid:';
const BANK_KINDS: readonly string[] = ['Deposited', 'Withdrawn', 'ReceiptIdentified', 'Adjusted', 'Mirrored'];
/** What channels paid ahead and have left: what the bank and persons moved, less what orders delivered, plus what refunds gave back. */
export class PrepaidCount {
  readonly sums = new Sums();
  readonly #orders = new Map<string, PrepaidOrder>();
  readonly #refunds = new Map<string, Owed>();

  see(event: RecordedEvent): void {
    const data = event.data as Fields;
    const name = nameOf(event);
    if (event.stream.startsWith('order-')) this.#order(name, event.stream, data);
    else if (event.stream.startsWith('refund-')) this.#refund(name, event.stream, data);
    else if (name === 'EntryPosted') this.#bank(fields(data.entry));
  }

  #order(name: string, stream: string, data: Fields): void {
    if (name === 'OrderPlaced' && text(data.settlement, 'prepaid') === 'prepaid') {
      const gross = new Map(list(data.lines).map((line) => [text(line.id), minorOf(line.gross)]));
      this.#orders.set(stream, { book: text(data.bookId), currency: currencyOf(data), gross, delivered: new Set() });
    }
    const order = this.#orders.get(stream);
    if (!order) return;
    if (name === 'LineDelivered') this.#delivered(order, text(data.lineId), 1n, 1n);
    if (name !== 'OrderCompleted') return;
    for (const [lineId, , ordered, delivered] of (data.lines ?? []) as unknown as readonly [string, string, number, number][]) {
      this.#delivered(order, lineId, BigInt(delivered), BigInt(ordered));
    }
    this.#orders.delete(stream);
  }
  #delivered({ book, currency, gross, delivered }: PrepaidOrder, lineId: string, units: bigint, of: bigint): void {
    if (delivered.has(lineId)) return;
    delivered.add(lineId);
    this.sums.add(book, currency, -ratio(gross.get(lineId) ?? 0n, units, of));
  }

  #refund(name: string, stream: string, data: Fields): void {
    if (name === 'RefundRequested' && data.settlement === 'prepaid' && data.kind === 'units') this.#refunds.set(stream, owedOf(data));
    const owed = this.#refunds.get(stream);
    if (owed && name === 'RefundSettled') this.sums.add(owed.book, owed.currency, minorOf(data.amountMinor));
  }

  #bank(entry: Fields): void {
    if (!BANK_KINDS.includes(text(entry.kind))) return;
    for (const [account, minor, currency] of postingsOf(entry)) if (account.startsWith(PREPAID)) this.sums.add(text(entry.book), currency, -minor);
  }
}
