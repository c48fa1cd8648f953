import type { Json } from '@vouchsafe/codec';
import type { RecordedEvent } from '@vouchsafe/event-store';
import { Auditor, type Findings } from './auditor.js';
import { type DayOfTrade, dayOfTrade } from './testing/day-of-trade.js';

type Data = Record<string, Json>;
type Violations = Findings['violations'];

let day: DayOfTrade;
beforeAll(async () => { day = await dayOfTrade(); }, 120_000);

const audit = (events: readonly RecordedEvent[]): Findings => {
  const auditor = new Auditor();
  for (const event of events) auditor.see(event);
  return auditor.findings();
};
const CLEAN: Violations = { integrity: [], codes: [], redemptions: [], books: [], orders: [] };
const nameOf = ({ type }: RecordedEvent): string => type.split('.')[1]!;
/** The first event of a name, about an order if that is named. */
const first = (name: string, number?: string): RecordedEvent => {
  const event = day.events.find((each) => nameOf(each) === name && (number === undefined || JSON.stringify([each.stream, each.data]).includes(day.orderIds[number]!.slice(4))));
  if (!event) throw new Error(`the day has no ${name} of ${number ?? 'anybody'}`);
  return event;
};
/** One more event behind the day, as somebody would forge it: whole as far as revisions and times go. */
const more = (like: RecordedEvent, change: (data: Data) => void = () => {}, stream = like.stream): RecordedEvent => {
  const last = day.events[day.events.length - 1]!;
  const data = JSON.parse(JSON.stringify(like.data)) as Data;
  change(data);
  return { ...like, stream, data, recordedAt: last.recordedAt, revision: day.events.filter((each) => each.stream === stream).length };
};
const after = (...events: readonly RecordedEvent[]): Violations => audit([...day.events, ...events]).violations;
const instead = (of: RecordedEvent, event: RecordedEvent): Violations => audit(day.events.map((each) => (each === of ? event : each))).violations;
const containing = (...words: readonly string[]) => words.map((word) => expect.stringContaining(word) as string);

it('finds nothing in a day of trade, and has seen all of it', () => {
  const { violations, ordersByState, reasons, units, redemptions, disclosures, entries, verdicts, ledgerSums } = audit(day.events);
  expect(violations).toEqual(CLEAN);
  expect([ordersByState, reasons]).toEqual([{ COMPLETED: 7, REJECTED: 1 }, { OUT_OF_STOCK: 1 }]);
  expect(units).toEqual({ free: 12 + 2 + 4 + 2 + 2 - (3 + 1 + 1 + 1 + 1 + 1), committed: 3 + 1 + 1 + 1 + 1 + 1 });
  expect([redemptions, disclosures, verdicts]).toEqual([4, 4, { allow: 8 }]);
  expect(entries).toBeGreaterThan(15);
  expect(Object.values(ledgerSums)).toEqual([0n]);
});

describe('is told', () => {
  it('a code in two orders', () => {
    const forged = more(first('GrantActivated', 'CODES'), (data) => { data.orderId = day.orderIds.OTHER!; }, 'grant-forged_1_0');
    expect(after(forged)).toEqual({ ...CLEAN, codes: containing('granted under an order it was not sold to', ...Array(3).fill('granted twice: one code in two orders') as string[]) });
  });
  it('a unit sold to one order and granted to another', () => {
    const mine = first('GrantActivated', 'CODES');
    const theirs = first('GrantActivated', 'OTHER');
    const moved = { ...mine, data: { ...(mine.data as Data), ranges: (theirs.data as Data).ranges! } };
    expect(instead(mine, moved).codes).toEqual(expect.arrayContaining(containing('granted under an order it was not sold to')));
  });
  it('a disclosure of what nobody bought', () => {
    const forged = more(first('UnitsDisclosed', 'CODES'), (data) => { (data.ranges as Data[])[0]!.from = 9; (data.ranges as Data[])[0]!.to = 10; });
    expect(after(forged)).toEqual({ ...CLEAN, codes: containing('disclosed without a grant') });
  });
  it('a disclosed secret that is back on sale', () => {
    const { claim, ranges } = first('ReservationCommitted', 'CODES').data as Data;
    expect(after(more(first('UnitsReturned'), (data) => Object.assign(data, { claim, ranges }))).codes).toEqual(containing(...Array(3).fill('back on sale although its secret was disclosed') as string[]));
  });
});

describe('is told a voucher used more than it is good for:', () => {
  const again = (number: string, used: string, over: Data = {}): Violations =>
    after(more(first('VoucherRedeemed', number), (data) => Object.assign(data, { redemptionId: 'rdm_forged', used, gross: { minor: '0', currency: 'CNY' }, ...over })));
  it('once, twice', () => expect(again('COFFEE', '1')).toEqual({ ...CLEAN, redemptions: containing('used 2 of 1') }));
  it('ten times, eleven times', () => expect([again('TEN', '8'), again('TEN', '9')]).toEqual([CLEAN, { ...CLEAN, redemptions: containing('used 11 of 10') }]));
  it('beyond its balance', () => expect([again('GIFT', '7000'), again('GIFT', '7001')]).toEqual([CLEAN, { ...CLEAN, redemptions: containing('used 10001 of 10000') }]));
  it('for more money than it was sold for', () => expect(again('GIFT', '1', { gross: { minor: '9000', currency: 'CNY' } }).redemptions).toEqual(containing('sold for 9500')));
  it('the same redemption twice', () => expect(after(more(first('VoucherRedeemed', 'TEN'))).redemptions).toEqual(containing('counted twice')));
  it('a unit that is not in the grant', () => expect(again('TEN', '1', { voucherUnit: { batchId: 'bat_other', index: 0 } }).redemptions).toEqual(containing('is not a unit of this grant')));
  it('after it was voided', () => {
    const { redemptionId, voucherUnit } = first('VoucherRedeemed', 'TEN').data as { redemptionId: string; voucherUnit: { batchId: string; index: number } };
    const { batchId, index } = voucherUnit;
    const used = first('VoucherRedeemed', 'TEN');
    const voided = more(first('UnitsVoided'), (data) => Object.assign(data, { accepted: [{ batchId, from: index, to: index + 1, disclosed: true, unusedMinor: '0' }] }), used.stream);
    const late = { ...more(used, (data) => Object.assign(data, { redemptionId: 'rdm_late', gross: { minor: '0', currency: 'CNY' } })), revision: voided.revision + 1 };
    expect(after(voided, late).redemptions).toEqual(containing('used after it was voided'));
    const reversal = more(used, (data) => Object.assign(data, { redemptionId, unit: voucherUnit }));
    const back = { ...reversal, type: 'redemption.RedemptionReversed.v1' };
    expect(after(back)).toEqual(CLEAN);
    expect(after(back, { ...back, revision: back.revision + 1 }).redemptions).toEqual(containing('is no use of it'));
  });
});

describe('is told an oversold segment:', () => {
  const claimed = (ranges: Json): Violations =>
    after(more(first('VouchersReserved', 'CODES'), (data) => Object.assign(data, { ranges, claim: { ...(data.claim as Data), reservationId: 'rsv_forged' } })));
  it('units sold already', () => expect(claimed((first('ReservationCommitted', 'CODES').data as Data).ranges!)).toEqual({ ...CLEAN, codes: containing(...Array(3).fill('reserved while committed') as string[]) }));
  it('units that never were', () => {
    const [[batchId]] = (first('VouchersReserved', 'CODES').data as { ranges: [[string]] }).ranges;
    expect(claimed([[batchId, 11, 13]])).toEqual({ ...CLEAN, codes: containing('#12: reserved while unknown') });
  });
  it('units received twice, and more than are named', () => {
    expect(after(more(first('StockReceived'))).codes).toEqual(expect.arrayContaining(containing('received while')));
    expect(after(more(first('StockReceived'), (data) => Object.assign(data, { quantity: 13, segments: [{ batchId: 'bat_new', from: 0, to: 12 }] }))).codes).toEqual(containing('received as 13, but 12 are named'));
  });
  it('a sale under somebody else’s reservation', () => {
    const [[batchId]] = (first('VouchersReserved', 'CODES').data as { ranges: [[string]] }).ranges;
    const like = first('VouchersReserved', 'CODES');
    const mine = more(like, (data) => Object.assign(data, { ranges: [[batchId, 9, 10]], claim: { ...(data.claim as Data), reservationId: 'rsv_a' } }));
    const sold = { ...mine, revision: mine.revision + 1, type: 'inventory.ReservationCommitted.v1', data: { ...(mine.data as Data), claim: { ...((mine.data as Data).claim as Data), reservationId: 'rsv_b' } } };
    expect(after(mine, sold).codes).toEqual(containing('sold under a reservation that does not hold it'));
  });
});

describe('is told of the books', () => {
  const entryOf = (data: Data): Data => data.entry as Data;
  it('an entry that is a cent out of balance', () => {
    const forged = more(first('FundsCaptured', 'CODES'), (data) => {
      entryOf(data).id = 'forged';
      const [posting] = entryOf(data).postings as [string[]];
      posting[1] = (BigInt(posting[1]!) + 1n).toString();
    });
    expect(after(forged)).toEqual({ ...CLEAN, books: containing('1 CNY out of balance', 'bok_main CNY: 1') });
  });
  it('an entry that was posted twice', () => expect(after(more(first('FundsCaptured', 'CODES'))).books).toEqual(containing('posted twice')));
});

describe('is told an acknowledged order that was lost:', () => {
  it('by what else speaks of it', () => {
    const stream = `order-${day.orderIds.CODES}`;
    expect(audit(day.events.filter((event) => event.stream !== stream)).violations).toEqual({ ...CLEAN, orders: containing('goods granted, but the log does not know the order', 'money captured, but the log does not know the order') });
  });
  it('by those who were answered', () => {
    expect(day.lost.given).toEqual([]);
    expect(day.lost.invented).toEqual(containing('order NEVER', 'order OTHERWISE: answered', 'redemption rdm_never', 'refund rfd_never'));
  });
  it('by its last words', () => {
    const end = first('OrderCompleted', 'CODES');
    expect(audit(day.events.filter((event) => event !== end)).violations.orders).toEqual(containing('has not ended'));
    expect(instead(end, { ...end, data: { ...(end.data as Data), lines: [['1', 'prd_video-month', 3, 2]] } }).orders).toEqual(containing('2 delivered, 3 granted'));
    expect(after(more(first('OrderPlaced', 'CODES'))).orders).toEqual(containing('placed twice', 'has not ended'));
  });
});

it('is told an event missing in the middle, and a clock that went back', () => {
  const missing = first('VouchersReserved');
  expect(audit(day.events.filter((event) => event !== missing)).violations.integrity).toEqual(containing(`${missing.stream}: revision`));
  expect(after({ ...more(first('OrderPlaced')), recordedAt: day.events[0]!.recordedAt }).integrity).toEqual(containing('recorded before its predecessor'));
});

/** What the audit reads, field by field: one that is called otherwise from some day on must not pass for nothing. */
const READ: Readonly<Record<string, readonly string[]>> = {
  StockReceived: ['segments', 'quantity'], VouchersReserved: ['ranges', 'claim', 'claim.orderId', 'claim.lineId'], ReservationCommitted: ['ranges', 'claim'], UnitsReturned: ['ranges'],
  GrantActivated: ['ranges', 'orderId', 'lineId', 'terms', 'gross'], UnitsDisclosed: ['ranges'], UnitsVoided: ['accepted'],
  VoucherRedeemed: ['voucherUnit', 'voucherUnit.batchId', 'voucherUnit.index', 'redemptionId', 'used', 'gross', 'gross.minor'],
  OrderPlaced: ['lines'], OrderCompleted: ['lines'], OrderRejected: ['reason'], VerdictGiven: ['orderId'],
  FundsCaptured: ['entry', 'entry.id', 'entry.book', 'entry.order', 'entry.postings'], EntryPosted: ['entry', 'entry.id', 'entry.book', 'entry.postings'],
};
it.each(Object.entries(READ).flatMap(([name, fields]) => fields.map((field) => [name, field] as const)))('does not pass over %s without %s', (name, field) => {
  const event = day.events.find((each) => nameOf(each) === name && (!field.endsWith('postings') || JSON.stringify(each.data).includes('"postings"')))!;
  const renamed = more(event, (data) => {
    const [last, ...path] = field.split('.').reverse();
    const holder = path.reverse().reduce((at, step) => at[step] as Data, data);
    holder[`${last!}Renamed`] = holder[last!]!;
    delete holder[last!];
  });
  const { integrity } = instead(event, { ...event, data: renamed.data });
  expect(integrity[0]).toContain(`${event.stream} ${event.revision} ${event.type}`);
});
it('does not pass over an event it was never taught, nor a later version of one', () => {
  const proved = new Map(day.events.filter(({ stream }) => /^(pool|grant|order|account|journal)-/.test(stream)).map((event) => [event.type, event]));
  expect(proved.size).toBeGreaterThan(18);
  for (const event of proved.values()) expect(instead(event, { ...event, type: event.type.replace('.v1', '.v2') }).integrity).toEqual(expect.arrayContaining(containing('is not known to this audit')));
});
