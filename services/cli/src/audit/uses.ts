import { ratio } from './counts/reading.js';
import { type Fields, fieldsAt, fieldsOf, isWithin, listAt, maybeTextAt, minorAt, type Range, rangesIn, sizeOfAll, tellIn, textAt, wholeAt } from './strict.js';

type Use = { readonly key: string; readonly used: bigint; readonly gross: bigint };
type Unit = { used: bigint; frozen?: boolean; ended?: string };
type Grant = {
  readonly ranges: readonly Range[];
  /** Of one unit: 1, n times, or its face value. */
  readonly capacity: bigint;
  /** What the grant's units were sold for. */
  readonly worth: bigint;
  used: bigint;
  readonly uses: Map<string, Use>;
  readonly units: Map<string, Unit>;
};

/** Follows every use of every voucher: no more than it was good for, none after its end, each taken back once at most. */
export class UseBook {
  readonly violations: string[] = [];
  readonly #grants = new Map<string, Grant>();
  readonly #ids = new Set<string>();
  redemptions = 0;

  /** An event of a `grant-` stream. */
  see(name: string, stream: string, data: Fields): void {
    if (name === 'GrantActivated') return this.#activated(stream, data);
    const read = READERS[name];
    if (!read) return;
    const grant = this.#grants.get(stream);
    if (grant) read(this, stream, grant, data);
    else this.tell(stream, `${name} without a grant`);
  }
  tell(of: string, what: string): void {
    tellIn(this.violations, `${of}: ${what}`);
  }

  #activated(stream: string, data: Fields): void {
    if (this.#grants.has(stream)) this.tell(stream, 'activated twice');
    const ranges = rangesIn(data);
    const [first, size] = [wholeAt(data, 'first', 0), sizeOfAll(ranges)];
    const upTo = (units: number): bigint => ratio(minorAt(data, 'gross'), BigInt(units), BigInt(wholeAt(data, 'units', size)));
    this.#grants.set(stream, { ranges, capacity: capacityOf(fieldsAt(data, 'terms')), worth: upTo(first + size) - upTo(first), used: 0n, uses: new Map(), units: new Map() });
  }

  redeemed(stream: string, grant: Grant, data: Fields): void {
    this.redemptions++;
    const { key, unit } = this.unitOf(stream, grant, fieldsAt(data, 'voucherUnit'));
    const [id, used, gross] = [textAt(data, 'redemptionId'), minorAt(data, 'used'), minorAt(fieldsAt(data, 'gross'), 'minor')];
    if (this.#ids.has(id)) this.tell(key, `${id} counted twice`);
    if (unit.ended) this.tell(key, `used after it was ${unit.ended}`);
    if (unit.frozen) this.tell(key, 'used while frozen');
    if (used <= 0n || gross < 0n) this.tell(key, `used ${used} for ${gross}`);
    unit.used += used;
    grant.used += gross;
    if (unit.used > grant.capacity) this.tell(key, `used ${unit.used} of ${grant.capacity}`);
    if (grant.used > grant.worth) this.tell(key, `used for ${grant.used} in all, sold for ${grant.worth}`);
    this.#ids.add(id);
    grant.uses.set(id, { key, used, gross });
  }
  reversed(stream: string, grant: Grant, data: Fields): void {
    const { key, unit } = this.unitOf(stream, grant, fieldsAt(data, 'unit'));
    const id = textAt(data, 'redemptionId');
    const use = grant.uses.get(id);
    if (use?.key !== key) return this.tell(key, `${id} taken back, which is no use of it`);
    unit.used -= use.used;
    grant.used -= use.gross;
    grant.uses.delete(id);
  }
  ended(stream: string, grant: Grant, ranges: readonly Range[], how: string): void {
    for (const { batchId, from, to } of ranges) {
      for (let index = from; index < to; index++) {
        const { key, unit } = this.unitOf(stream, grant, { batchId, index });
        if (unit.ended) this.tell(key, `${how} after it was ${unit.ended}`);
        unit.ended = how;
      }
    }
  }
  unitOf(stream: string, grant: Grant, unit: Fields): { readonly key: string; readonly unit: Unit } {
    const [batchId, index] = [textAt(unit, 'batchId'), wholeAt(unit, 'index')];
    const key = `${stream}/${batchId}#${index}`;
    if (!isWithin([{ batchId, from: index, to: index + 1 }], grant.ranges)) this.tell(key, 'is not a unit of this grant');
    const known = grant.units.get(key) ?? { used: 0n };
    grant.units.set(key, known);
    return { key, unit: known };
  }
}

type Reader = (book: UseBook, stream: string, grant: Grant, data: Fields) => void;
const freezing = (frozen: boolean): Reader => (book, stream, grant, data) => { book.unitOf(stream, grant, fieldsAt(data, 'unit')).unit.frozen = frozen; };
const READERS: Readonly<Record<string, Reader>> = {
  VoucherRedeemed: (book, stream, grant, data) => book.redeemed(stream, grant, data),
  RedemptionReversed: (book, stream, grant, data) => book.reversed(stream, grant, data),
  VoucherFrozen: freezing(true),
  VoucherUnfrozen: freezing(false),
  UnitsVoided: (book, stream, grant, data) => book.ended(stream, grant, listAt(data, 'accepted').flatMap((part) => rangesIn({ ranges: [fieldsOf(part, 'accepted')] })), 'voided'),
  UnitsLapsed: (book, stream, grant, data) => book.ended(stream, grant, rangesIn(data), 'lapsed'),
};

const capacityOf = (terms: Fields): bigint => {
  const usage = maybeTextAt(terms, 'usage');
  if (usage === 'balance') return minorAt(terms, 'faceMinor');
  return usage === 'times' ? BigInt(wholeAt(terms, 'times', 1)) : 1n;
};
