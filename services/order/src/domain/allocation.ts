import { invariant, money, shareOf } from '@vouchsafe/kernel';
import type { OrderRejection, RefundAsk, RefundShare } from './order-events.js';
import type { EndedOrder, LineState } from './order-state.js';
import type { OrderLine } from './terms.js';

type Allocation = { readonly ok: true; readonly shares: readonly RefundShare[] } | { readonly ok: false; readonly code: OrderRejection };

/**
 * What units taken back are worth. Cumulative: whatever the order of refunds and charge-backs, they add up to the line
 * and never beyond it. Own vouchers are worth their unused value, which their grant computed the same way.
 */
export const allocateRefund = (order: EndedOrder, asks: readonly RefundAsk[]): Allocation => {
  const shares: RefundShare[] = [];
  for (const ask of asks) {
    const line = order.terms.lines.find(({ lineId }) => lineId === ask.lineId);
    if (!line) return { ok: false, code: 'LINE_UNKNOWN' };
    const share = shareOfLine(line, order.lines.get(ask.lineId)!, ask, order.terms.currency);
    if (!share) return { ok: false, code: 'REFUND_EXCEEDS_LINE' };
    shares.push(share);
  }
  invariant(new Set(shares.map(({ lineId }) => lineId)).size === shares.length, 'a refund names a line once');
  return { ok: true, shares };
};

const shareOfLine = (line: OrderLine, state: LineState, { lineId, units, unusedMinor }: RefundAsk, currency: string): RefundShare | undefined => {
  const unitsBefore = state.refunded + state.chargedBack;
  if (units < 0 || unitsBefore + units > state.delivered) return undefined;
  const minor = unusedMinor ?? shareOf(money(line.grossMinor, currency), unitsBefore, unitsBefore + units, line.quantity).minor;
  if (minor < 0n || state.takenBackMinor + minor > line.grossMinor) return undefined;
  return { lineId, units, minor, unitsBefore, minorBefore: state.takenBackMinor };
};
