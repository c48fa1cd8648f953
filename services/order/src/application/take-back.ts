import { type CommandOf, type ResultOf, returnUnits, voidUnits } from '@vouchsafe/contracts';
import { Fault, invariant, totalSize, type UnitRange } from '@vouchsafe/kernel';
import type { Log } from '@vouchsafe/runtime';
import type { RefundCause, RefundShare } from '../domain/order-events.js';
import type { EndedOrder } from '../domain/order-state.js';
import type { RefundedLine, VoidedLine } from '../domain/refund.js';
import { askOf } from '../domain/take-back.js';
import type { OrderLine } from '../domain/terms.js';
import type { OrderHost } from './course-runner.js';
import { orderStream, reservationIdOf } from './names.js';
import type { OrderPorts } from './ports.js';
import type { Send } from './send.js';
import { serviceEnvelope } from './service-envelope.js';

/** What is taken back: by which refund or charge-back, of which order. */
export type TakenBack = { readonly causeId: string; readonly cause: RefundCause; readonly orderId: string; readonly order: EndedOrder };

/** Taking units of a delivered order back: voided by their grants, valued by the order, returned to stock. Each step may be repeated. */
export class TakeBack {
  readonly #log: Log;
  constructor(readonly ports: OrderPorts, readonly send: Send, readonly orders: OrderHost) {
    this.#log = ports.log;
  }

  /** Only what the grants accept is taken back. */
  async void(taken: TakenBack, lines: readonly RefundedLine[]): Promise<readonly VoidedLine[]> {
    return Promise.all(lines.map(async (asked) => {
      const line = lineOf(taken.order, asked.lineId);
      const sent = await this.send(voidUnits, voidBody(taken, line, asked), this.#envelope(taken, `void${asked.lineId}`));
      if (sent.ok) return voidedLine(asked.lineId, sent.result);
      return { lineId: asked.lineId, accepted: [], refused: [{ code: sent.code, units: asked.quantity ?? totalSize(asked.ranges ?? []) }] };
    }));
  }

  /** What the accepted units are worth, decided once by the order's stream. */
  async value({ causeId, cause, orderId, order }: TakenBack, voided: readonly VoidedLine[]): Promise<ReadonlyMap<string, RefundShare>> {
    const asks = voided.filter(({ accepted }) => accepted.length > 0).map((line) => askOf(lineOf(order, line.lineId), line));
    const envelope = serviceEnvelope(this.ports, orderId);
    const handled = await this.orders.handle(orderStream(orderId), { type: 'AllocateRefund', refundId: causeId, cause, asks, at: envelope.at }, envelope);
    if (!handled.ok) throw new Fault(handled.code, `what was taken back could not be valued: ${handled.code}`);
    invariant(handled.state.step === 'ended', 'only an ended order is taken back');
    return new Map(handled.state.allocated.get(causeId)!.map((share) => [share.lineId, share]));
  }

  /** Puts undisclosed units on sale again; false where the pool knows them no longer as out (a restored one): they are lost then. */
  async returnToStock(taken: TakenBack, line: OrderLine, ranges: readonly UnitRange[]): Promise<boolean> {
    const { causeId, orderId, order } = taken;
    const reservationId = reservationIdOf(orderId, line.lineId, order.revived);
    const body = { refundId: causeId, reservationId, productId: line.productId, ranges: ranges.map(({ batchId, from, to }) => ({ batchId, from, to })) };
    const sent = await this.send(returnUnits, body, this.#envelope(taken, `return${line.lineId}`));
    if (sent.ok) return true;
    this.#log.error({ causeId, orderId, lineId: line.lineId, code: sent.code }, 'refunded units could not go back to stock; booked as lost');
    return false;
  }

  #envelope({ causeId, orderId }: TakenBack, what: string) {
    return serviceEnvelope(this.ports, orderId, `${causeId}/${what}`);
  }
}

export const lineOf = ({ terms }: Pick<EndedOrder, 'terms'>, lineId: string): OrderLine => {
  const line = terms.lines.find((known) => known.lineId === lineId);
  invariant(line, 'only lines of the order are taken back');
  return line;
};

const voidBody = ({ causeId, cause, orderId }: TakenBack, line: OrderLine, { lineId, ranges, quantity }: RefundedLine): CommandOf<typeof voidUnits> => ({
  refundId: causeId, orderId, lineId, unitsInLine: line.quantity, reason: cause,
  ...(quantity !== undefined && { quantity }),
  ...(ranges && { units: ranges.flatMap(({ batchId, from, to }) => Array.from({ length: to - from }, (_, i) => ({ batchId, index: from + i }))) }),
});

const voidedLine = (lineId: string, { accepted, refused }: ResultOf<typeof voidUnits>): VoidedLine => {
  const byCode = new Map<string, number>();
  for (const { code } of refused) byCode.set(code, (byCode.get(code) ?? 0) + 1);
  return { lineId, accepted, refused: [...byCode].map(([code, units]) => ({ code, units })) };
};
