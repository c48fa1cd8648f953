import type { Envelope } from '@vouchsafe/event-store';
import { contains, type Details, totalSize, type UnitRange } from '@vouchsafe/kernel';
import { SecretsService } from '@vouchsafe/proto/inventory/internal/v1/secrets';
import { callAs, type CallContext, RpcFailure, serviceCaller } from '@vouchsafe/rpc';
import { deliveredMinor } from '../domain/delivery.js';
import type { EndedOrder, Order } from '../domain/order-state.js';
import type { RefundedLine, RefundRequest } from '../domain/refund.js';
import { isStocked, type OrderLine } from '../domain/terms.js';
import { fingerprintOfBody, refundIdOf } from './names.js';
import type { OrderPorts } from './ports.js';
import type { Refunds } from './refunds.js';

export type AskedRefundLine = { readonly lineId: string; readonly voucherIds: readonly string[]; readonly quantity: number };
export type RefundAsked = { readonly orderId: string; readonly requestId: string; readonly lines: readonly AskedRefundLine[]; readonly reason: string };

/** Turns what a channel asks back into a refund of units. Throws RpcFailure for what cannot be refunded at all; grants decide the rest. */
export class RequestRefund {
  constructor(readonly ports: OrderPorts, readonly refunds: Refunds) {}

  /** The refund that was begun under this request id, if any; RpcFailure REQUEST_ID_REUSED where that was another. */
  async known(asked: RefundAsked): Promise<string | undefined> {
    const refundId = refundIdOf(asked.orderId, asked.requestId);
    const refund = await this.refunds.load(refundId);
    if (refund.step === 'absent') return undefined;
    if (refund.request.fingerprint !== fingerprintOf(asked)) throw new RpcFailure('duplicate', 'REQUEST_ID_REUSED');
    return refundId;
  }

  /** The refund's request as it would be recorded. */
  async prepare(asked: RefundAsked, order: Order, context: CallContext): Promise<RefundRequest> {
    if (order.step !== 'ended') throw new RpcFailure('refused', order.step === 'refused' ? 'NOTHING_TO_REFUND' : 'ORDER_NOT_ENDED');
    const lines = asked.lines.length === 0 ? everything(order) : await Promise.all(asked.lines.map((line) => this.#line(line, order, context)));
    if (lines.length === 0) throw new RpcFailure('refused', 'NOTHING_TO_REFUND');
    const { channelId, bookId, settlement, currency, payment } = order.terms;
    return {
      kind: 'units', orderId: asked.orderId, channelId, bookId, settlement, currency, lines, principal: context.caller.principalId, at: this.ports.clock.now(),
      fingerprint: fingerprintOf(asked),
      ...(payment && { provider: payment.provider }), ...(asked.reason !== '' && { reason: asked.reason }),
    };
  }

  /** The most it can come to: what the grants refuse is not paid back. */
  mostMinor({ lines, currency }: RefundRequest, order: Order): bigint {
    if (order.step !== 'ended') return 0n;
    return lines.reduce((sum, { lineId, quantity, ranges }) => {
      const line = order.terms.lines.find((known) => known.lineId === lineId)!;
      return sum + deliveredMinor(line, currency, Math.min(line.quantity, quantity ?? totalSize(ranges ?? [])));
    }, 0n);
  }

  /** Records it. The same request id again with the same content is the same refund. */
  async begin({ orderId, requestId }: RefundAsked, request: RefundRequest, { caller, trace }: CallContext): Promise<string> {
    const refundId = refundIdOf(orderId, requestId);
    const envelope: Envelope = { commandId: this.ports.ids.uuid(), correlation: orderId, principal: caller.principalId, at: request.at, ...(trace !== undefined && { trace }) };
    const started = await this.refunds.start(refundId, request, envelope);
    if (!started.ok) throw new RpcFailure('duplicate', started.code, started.details);
    return refundId;
  }

  async #line({ lineId, voucherIds, quantity }: AskedRefundLine, order: EndedOrder, context: CallContext): Promise<RefundedLine> {
    const line = order.terms.lines.find((known) => known.lineId === lineId);
    if (!line) throw new RpcFailure('missing', 'LINE_UNKNOWN', { lineId });
    if (!isStocked(line)) throw new RpcFailure('refused', 'LINE_NOT_REFUNDABLE', { lineId });
    const left = leftOf(order, line);
    const wanted = voucherIds.length > 0 ? voucherIds.length : quantity > 0 ? quantity : left;
    if (wanted > left || wanted === 0) throw new RpcFailure('refused', wanted === 0 ? 'NOTHING_TO_REFUND' : 'REFUND_EXCEEDS_LINE', { lineId, left: String(left) });
    if (voucherIds.length === 0) return { lineId, quantity: wanted };
    return { lineId, ranges: await this.#units(voucherIds, order.committed.get(lineId) ?? [], { lineId }, context) };
  }

  async #units(voucherIds: readonly string[], committed: readonly UnitRange[], details: Details, context: CallContext): Promise<readonly UnitRange[]> {
    const asService = callAs(context, serviceCaller('order', this.ports.namespace));
    const { units } = await this.ports.rpc.call(SecretsService.method.resolveVoucherIds, { voucherIds: [...new Set(voucherIds)] }, asService);
    const found = units.map(({ found: known, unit }) => (known && unit ? { batchId: unit.batchId, from: Number(unit.index), to: Number(unit.index) + 1 } : undefined));
    const ofLine = found.filter((unit) => unit !== undefined && committed.some((range) => contains(range, unit.batchId, unit.from)));
    if (ofLine.length !== voucherIds.length) throw new RpcFailure('missing', 'VOUCHER_UNKNOWN', details);
    return joined(ofLine as UnitRange[]);
  }
}

const fingerprintOf = ({ lines, reason }: RefundAsked): string => fingerprintOfBody([lines.map(({ lineId, voucherIds, quantity }) => [lineId, voucherIds, quantity]), reason]);
const leftOf = ({ lines }: EndedOrder, { lineId }: OrderLine): number => {
  const { delivered, refunded, chargedBack } = lines.get(lineId)!;
  return delivered - refunded - chargedBack;
};
const everything = (order: EndedOrder): readonly RefundedLine[] =>
  order.terms.lines.filter((line) => isStocked(line) && leftOf(order, line) > 0).map((line) => ({ lineId: line.lineId, quantity: leftOf(order, line) }));

/** Neighbouring units as one range. */
const joined = (units: readonly UnitRange[]): readonly UnitRange[] => {
  const ranges: UnitRange[] = [];
  for (const unit of [...units].sort((a, b) => (a.batchId === b.batchId ? a.from - b.from : a.batchId < b.batchId ? -1 : 1))) {
    const last = ranges[ranges.length - 1];
    if (last && last.batchId === unit.batchId && last.to === unit.from) ranges[ranges.length - 1] = { ...last, to: unit.to };
    else ranges.push(unit);
  }
  return ranges;
};
