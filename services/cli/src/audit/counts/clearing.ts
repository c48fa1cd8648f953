import type { RecordedEvent } from '@vouchsafe/event-store';
import { currencyOf, type Fields, fields, minorOf, nameOf, type Owed, owedOf, postingsOf, ratio, Sums, text } from './reading.js';

const CLEARING = 'assets:clearing:psp:';
/** What providers took in and have not paid out, less their fee by tariff, refunds and disputes. */
export class ClearingCount {
  readonly sums = new Sums();
  readonly #owed = new Map<string, Owed>();
  readonly #disputes = new Map<string, bigint>();
  constructor(readonly feeBp = 60n) {}

  see(event: RecordedEvent): void {
    const { stream } = event;
    const data = event.data as Fields;
    const name = nameOf(event);
    if (stream.startsWith('payment-')) this.#payment(name, stream, data);
    else if (stream.startsWith('refund-')) this.#refund(name, stream, data);
    else if (stream.startsWith('chargeback-')) this.#chargeback(name, stream, data);
    else if (name === 'EntryPosted' && fields(data.entry).kind === 'ProviderPaidOut') this.#paidOut(fields(data.entry));
  }

  #payment(name: string, stream: string, data: Fields): void {
    if (name === 'PaymentRequested') this.#owed.set(stream, owedOf(data));
    if (name !== 'PaymentSucceeded' && name !== 'SurplusReceived') return;
    const received = minorOf(data.receivedMinor);
    this.sums.add(this.#owed.get(stream)?.book ?? '', currencyOf(data), received - ratio(received, this.feeBp, 10_000n));
  }
  #refund(name: string, stream: string, data: Fields): void {
    if (name === 'RefundRequested' && data.settlement === 'consumer_pay') this.#owed.set(stream, owedOf(data));
    const owed = this.#owed.get(stream);
    if (owed && name === 'RefundSettled') this.sums.add(owed.book, owed.currency, -minorOf(data.amountMinor));
  }
  #chargeback(name: string, stream: string, data: Fields): void {
    if (name === 'ChargebackRaised') {
      this.#owed.set(stream, owedOf(data));
      this.#disputes.set(stream, minorOf(data.amountMinor));
      this.sums.add(text(data.bookId), currencyOf(data), -minorOf(data.amountMinor) - minorOf(data.feeMinor));
    }
    const owed = this.#owed.get(stream);
    if (owed && name === 'ChargebackDecided' && data.outcome === 'won') this.sums.add(owed.book, owed.currency, this.#disputes.get(stream) ?? 0n);
  }

  #paidOut(entry: Fields): void {
    for (const [account, minor, currency] of postingsOf(entry)) if (account.startsWith(CLEARING)) this.sums.add(text(entry.book), currency, minor);
  }
}
