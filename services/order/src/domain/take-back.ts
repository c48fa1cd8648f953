import { contains, money, shareOf, totalSize, type UnitRange } from '@vouchsafe/kernel';
import { type DeliveredPart, partsOf } from './delivery.js';
import type { RefundAsk, RefundShare } from './order-events.js';
import type { VoidedLine, VoidedRange } from './refund.js';

import type { CostedRange, OrderLine } from './terms.js';

/** What the order is asked to value: own vouchers by their unused gross, others by their number. */
export const askOf = (line: OrderLine, { lineId, accepted }: VoidedLine): RefundAsk => ({
  lineId, units: totalSize(accepted), ...(line.kind === 'own_voucher' && { unusedMinor: unusedOf(accepted) }),
});
export const unusedOf = (ranges: readonly VoidedRange[]): bigint => ranges.reduce((sum, { unusedMinor }) => sum + unusedMinor, 0n);

/** Splits a line's share between units that went back to stock and units that are lost, so that both add up to it. */
export const splitShare = (line: OrderLine, share: RefundShare, returned: readonly VoidedRange[], currency: string): { readonly returnedMinor: bigint; readonly lostMinor: bigint } => {
  const returnedMinor = line.kind === 'own_voucher'
    ? unusedOf(returned)
    : shareOf(money(line.grossMinor, currency), share.unitsBefore, share.unitsBefore + totalSize(returned), line.quantity).minor;
  return { returnedMinor, lostMinor: share.minor - returnedMinor };
};

/** Cost and issuer's share of the units of `ranges`, as they were booked when delivered. */
export const partsTakenBack = (line: OrderLine, committed: readonly CostedRange[], ranges: readonly UnitRange[]): readonly DeliveredPart[] =>
  partsOf(line, ranges.flatMap((range) => committed.flatMap((known) => overlap(known, range))));

const overlap = (known: CostedRange, { batchId, from, to }: UnitRange): readonly CostedRange[] => {
  const start = Math.max(known.from, from);
  const end = Math.min(known.to, to);
  return known.batchId === batchId && start < end && contains(known, batchId, start) ? [{ ...known, from: start, to: end }] : [];
};
