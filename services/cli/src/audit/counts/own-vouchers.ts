import type { RecordedEvent } from '@vouchsafe/event-store';
import { rangesIn, sizeOfAll } from '../strict.js';
import { currencyOf, type Fields, fields, list, minorOf, nameOf, type Owed, ratio, Sums, text, whole } from './reading.js';

/** What holders of our own vouchers may still use, gross: granted, less used, voided and lapsed. */
export class OwnVoucherCount {
  readonly sums = new Sums();
  readonly #grants = new Map<string, Owed>();
  readonly #uses = new Map<string, bigint>();
  /** Voided by a charge-back nobody has won or lost: still owed, should it be won. */
  readonly #disputed = new Map<string, { owed: Owed; minor: bigint }>();
  readonly #lost = new Set<string>();

  see(event: RecordedEvent): void {
    const { stream, data } = event;
    const name = nameOf(event);
    if (stream.startsWith('chargeback-') && name === 'ChargebackDecided') this.#decided(stream.slice('chargeback-'.length), data as Fields);
    if (!stream.startsWith('grant-')) return;
    if (name === 'GrantActivated') this.#activated(stream, data as Fields);
    const owed = this.#grants.get(stream);
    if (owed) this.#changed(name, owed, data as Fields);
  }

  #activated(stream: string, data: Fields): void {
    if (data.kind !== 'own_voucher') return;
    const size = sizeOfAll(rangesIn(data));
    const first = whole(data.first);
    const units = BigInt(whole(data.units, size));
    const owed = { book: text(fields(data.dims).bookId), currency: currencyOf(data) };
    const upTo = (n: number): bigint => ratio(minorOf(data.gross), BigInt(n), units);
    this.#grants.set(stream, owed);
    this.sums.add(owed.book, owed.currency, upTo(first + size) - upTo(first));
  }

  #changed(name: string, owed: Owed, data: Fields): void {
    const add = (minor: bigint): void => this.sums.add(owed.book, owed.currency, minor);
    if (name === 'VoucherRedeemed') {
      this.#uses.set(text(data.factId), minorOf(data.gross));
      add(-minorOf(data.gross));
    } else if (name === 'RedemptionReversed') add(this.#uses.get(text(data.originalFactId)) ?? 0n);
    else if (name === 'RightLapsed') add(-minorOf(data.gross));
    else if (name === 'UnitsVoided') this.#voided(owed, data);
  }

  #voided(owed: Owed, data: Fields): void {
    const unused = list(data.accepted).reduce((sum, { unusedMinor }) => sum + minorOf(unusedMinor), 0n);
    const id = text(data.refundId);
    if (data.reason !== 'chargeback' || this.#lost.has(id)) return this.sums.add(owed.book, owed.currency, -unused);
    this.#disputed.set(id, { owed, minor: (this.#disputed.get(id)?.minor ?? 0n) + unused });
  }
  #decided(chargebackId: string, { outcome }: Fields): void {
    if (outcome !== 'lost') return;
    const disputed = this.#disputed.get(chargebackId);
    if (disputed) this.sums.add(disputed.owed.book, disputed.owed.currency, -disputed.minor);
    this.#lost.add(chargebackId);
  }
}
