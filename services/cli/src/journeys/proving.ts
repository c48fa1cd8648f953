import { timestampMs } from '@bufbuild/protobuf/wkt';
import type { Position, RecordedEvent } from '@vouchsafe/event-store';
import type { Instant } from '@vouchsafe/kernel';
import { AuditService, type EventRecord, InsightService } from '@vouchsafe/proto/audit/v1/audit';
import { LedgerService } from '@vouchsafe/proto/ledger/v1/ledger';
import { Auditor, type Findings, type Recorders } from '../audit/auditor.js';
import { MonthEnd, type MonthEndResult } from '../audit/month-end.js';
import { BOOK, until, type Visitors } from './visitors.js';

const OPEN = ['PENDING', 'AWAITING_PAYMENT', 'IN_REVIEW', 'FULFILLING'];
const QUIET_MS = 1_500;

/** Settles when no order is open and no event was written for a while. */
export const settled = async (visitors: Visitors): Promise<void> => {
  const { admin } = visitors;
  const headNow = async (): Promise<string> => {
    const { ordersByState } = await admin.call(InsightService.method.getOverview, {});
    const { head, viewsCaughtUp } = await admin.call(AuditService.method.getIntegrity, {});
    return `${head} ${viewsCaughtUp} ${OPEN.filter((state) => (ordersByState[state] ?? 0n) > 0n).join()}`;
  };
  let [last, since] = ['', performance.now()];
  await until(async () => {
    const now = await headNow();
    if (now !== last || !now.endsWith('true ')) [last, since] = [now, performance.now()];
    return { now, quietMs: performance.now() - since };
  }, ({ quietMs }) => quietMs >= QUIET_MS);
};

/** An event as the contract tells it, for readers of logs. */
const recordedOf = (record: EventRecord): RecordedEvent => ({
  id: record.eventId, stream: record.stream, revision: Number(record.revision), type: record.type, data: record.data ?? {}, position: Number.parseInt(record.cursor.slice(1), 36) as Position,
  occurredAt: timestampMs(record.occurredAt!) as Instant, recordedAt: timestampMs(record.recordedAt!) as Instant, epoch: Number(record.epoch), leaf: Buffer.from(record.leaf, 'hex'), canonical: Buffer.alloc(0),
  correlation: record.correlation, causation: record.causation, principal: record.principal,
});

/** The whole log, audited event by event. `recorders`: how many processes write it. */
export const auditOf = async (events: AsyncIterable<RecordedEvent>, recorders: Recorders): Promise<{ readonly findings: Findings; readonly monthEnd: readonly MonthEndResult[] }> => {
  const [auditor, monthEnd] = [new Auditor(recorders), new MonthEnd()];
  for await (const event of events) {
    auditor.see(event);
    monthEnd.see(event);
  }
  const findings = auditor.findings();
  return { findings, monthEnd: monthEnd.results(findings.trialBalance, auditor.inStock()) };
};

/** What anybody with the right to audit can prove over the contract when all has come to rest. */
export const describeProving = (visitors: () => Visitors): void => {
  const records = async (request: { readonly cursor?: string; readonly limit?: number }): Promise<EventRecord[]> => {
    const all: EventRecord[] = [];
    for await (const record of visitors().admin.stream(AuditService.method.readEvents, request)) all.push(record);
    return all;
  };

  it('tells the life of an order and of a voucher from first to last', async () => {
    const { orderId, voucherId, code } = await visitors().voucher('chn_dist', 'A-1');
    await visitors().redeem('trm_lake-1', code);
    await expect(visitors().redeem('trm_lake-1', code)).rejects.toThrow('ALREADY_REDEEMED');
    const told = (subject: { readonly orderId: string } | { readonly voucherId: string }, types: readonly string[]) =>
      until(async () => (await visitors().admin.call(AuditService.method.getTimeline, subject).catch(() => ({ events: [] }))).events.map(({ type }) => type.split('.')[1]!), (seen) => types.every((type) => seen.includes(type)));
    await told({ orderId }, ['OrderPlaced', 'VerdictGiven', 'VouchersReserved', 'GrantActivated', 'FundsCaptured', 'OrderCompleted', 'UnitsDisclosed', 'SequenceRefused']);
    await told({ voucherId }, ['OrderPlaced', 'VouchersReserved', 'ReservationCommitted', 'GrantActivated', 'UnitsDisclosed', 'SequenceClaimed', 'VoucherRedeemed', 'SequenceRefused']);
  });

  it('comes to rest: every order ends, the books add up to nothing and owe no buyer', async () => {
    await settled(visitors());
    const { lines, totals } = await visitors().admin.call(LedgerService.method.getTrialBalance, { bookId: BOOK });
    expect(lines.length).toBeGreaterThan(10);
    expect(totals.map(({ balance }) => balance?.minor)).toEqual(totals.map(() => 0n));
    expect([await visitors().balance('liabilities:refund'), await visitors().balance('liabilities:contract:undelivered')]).toEqual([0n, 0n]);
  }, 60_000);

  it('reads the log whole, or in two halves that are the same', async () => {
    const whole = await records({});
    const first = await records({ limit: Math.floor(whole.length / 2) });
    const second = await records({ cursor: first.at(-1)!.cursor });
    const places = (all: readonly EventRecord[]): string[] => all.map(({ stream, revision }) => `${stream} ${revision}`);
    expect(places([...first, ...second])).toEqual(places(whole));
    expect(new Set(places(whole)).size).toBe(whole.length);
  }, 60_000);

  it('has sold no code twice, redeemed none twice, and balanced every book, by an auditor who shares no code with it', async () => {
    const { findings, monthEnd } = await auditOf((async function* () { for (const record of await records({})) yield recordedOf(record); })(), visitors().form.recorders);
    expect(findings.violations).toEqual({ integrity: [], codes: [], redemptions: [], books: [], orders: [] });
    expect(monthEnd.filter(({ ok }) => !ok)).toEqual([]);
    expect(findings.ordersByState).toMatchObject({ COMPLETED: expect.any(Number), REJECTED: expect.any(Number), CANCELLED: expect.any(Number) });
    expect([findings.events > 300, findings.redemptions > 15, findings.disclosures > 10, findings.entries > 30]).toEqual([true, true, true, true]);
  }, 60_000);

  it('leaves stores that say the same: the log by its own reader, and every view equal to its rebuild', async () => {
    expect(await visitors().form.audit()).toEqual([]);
  }, 120_000);
};
