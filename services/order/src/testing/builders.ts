import { type Instant, instant, plusMs } from '@vouchsafe/kernel';
import type { CommittedLine, OrderEvent, TopUpEnd } from '../domain/order-events.js';
import type { Answer, Answers, CostedRange, OrderLine, OrderTerms } from '../domain/terms.js';

/** Complete, valid data of the domain, for tests. */
export const NOW: Instant = instant(Date.UTC(2026, 2, 2, 1));
export const after = (ms: number): Instant => plusMs(NOW, ms);

export const aLine = (change: Partial<OrderLine> = {}): OrderLine => ({
  lineId: '1', productId: 'prd_code', productVersion: 1, kind: 'code', listingId: 'lst_1', priceListId: 'plt_1', quantity: 1, unitMicros: 9_900_000n,
  grossMinor: 990n, taxRateBp: 1300, agent: false, stockPaid: false, businessLine: 'video', supplierId: 'sup_1', owedMicros: 0n, chain: [],
  usage: { usage: 'single', times: 1, faceMinor: 1000n, zone: 'Asia/Shanghai', reversalWindowMs: 0, rediscloseForMs: 259_200_000, rediscloseTimes: 10, prepaidUntaxed: false },
  ...change,
});
export const aTopUpLine = (change: Partial<OrderLine> = {}): OrderLine => aLine({
  lineId: '2', productId: 'prd_phone', kind: 'top_up', quantity: 4, unitMicros: 10_000_000n, grossMinor: 4000n,
  topUp: { provider: 'sandbox', faceMinor: 1000n, costMicros: 9_000_000n, inputTaxRateBp: 0, guardMs: 0, giveUpMs: 259_200_000, accountRef: 'sub_a', accountToken: 'tok_a', allowRepeat: false }, ...change,
});
export const someTerms = (change: Partial<OrderTerms> = {}): OrderTerms => {
  const lines = change.lines ?? [aLine()];
  return {
    number: 'N-1', channelId: 'chn_shop', principal: 'pri_shop', fingerprint: 'f1', settlement: 'prepaid', bookId: 'main', currency: 'CNY',
    totalMinor: lines.reduce((sum, { grossMinor }) => sum + grossMinor, 0n), whole: false, verdict: { decision: 'allow', verdictId: 'vdt_1', fallback: false },
    answerBy: after(10_000), heldUntil: after(900_000), placedAt: NOW, lines, ...change,
  };
};
export const paidByConsumer = (change: Partial<OrderTerms> = {}): OrderTerms =>
  someTerms({ settlement: 'consumer_pay', payment: { provider: 'sandbox', payBy: after(600_000), fulfilLate: false }, ...change });
export const inReview = (change: Partial<OrderTerms> = {}): OrderTerms =>
  someTerms({ verdict: { decision: 'review', verdictId: 'vdt_1', fallback: false }, reviewUntil: after(300_000), ...change });

export const aRange = (change: Partial<CostedRange> = {}): CostedRange => ({
  batchId: 'bat_1', from: 0, to: 1, supplierId: 'sup_1', terms: 'purchased', unitCostMicros: 6_000_000n, unitTaxMicros: 0n, currency: 'CNY', ...change,
});
export const committedLines = (lines: readonly OrderLine[]): readonly CommittedLine[] =>
  lines.filter(({ kind }) => kind !== 'top_up').map(({ lineId, quantity }, i) => ({ lineId, ranges: [aRange({ from: i * 100, to: i * 100 + quantity })] }));

export const placed = (terms = someTerms()): OrderEvent => ({ type: 'OrderPlaced', ...terms });
export const confirmed = (terms = someTerms(), at = after(50)): OrderEvent => ({ type: 'OrderConfirmed', lines: committedLines(terms.lines), at });
const ending = (terms: OrderTerms, delivered: (line: OrderLine) => number) => ({
  number: terms.number, channelId: terms.channelId, totalMinor: terms.totalMinor, currency: terms.currency, placedAt: terms.placedAt,
  lines: terms.lines.map((line) => ({ lineId: line.lineId, productId: line.productId, ordered: line.quantity, delivered: delivered(line), failed: line.quantity - delivered(line) })),
});
export const completed = (terms = someTerms(), at = after(100), delivered: (line: OrderLine) => number = ({ quantity }) => quantity): OrderEvent => ({ type: 'OrderCompleted', ...ending(terms, delivered), at });
export const rejected = (reason: string, terms = someTerms(), at = after(50), details: Record<string, string> = {}): OrderEvent => ({ type: 'OrderRejected', ...ending(terms, () => 0), reason, details, at });
export const cancelled = (reason: string, terms = someTerms(), at = after(50), by?: string): OrderEvent => ({ type: 'OrderCancelled', ...ending(terms, () => 0), reason, ...(by !== undefined && { by }), at });
export const topUpSettled = (change: Partial<TopUpEnd> = {}): OrderEvent => ({ type: 'TopUpSettled', lineId: '2', delivered: 4, supplierId: 'sup_9', costMinor: 3600n, taxMinor: 0n, at: after(80), ...change });

/** Answers by the keys of commands; `yes` unless given. */
export const answers = (given: Readonly<Record<string, Answer | 'yes'>>): Answers =>
  new Map(Object.entries(given).map(([key, answer]) => [key, answer === 'yes' ? { ok: true } : answer]));
export const no = (code: string, details: Record<string, string> = {}): Answer => ({ ok: false, code, details });
