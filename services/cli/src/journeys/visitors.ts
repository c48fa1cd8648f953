import type { MessageInitShape } from '@bufbuild/protobuf';
import { LedgerService } from '@vouchsafe/proto/ledger/v1/ledger';
import { type Order, OrderService, OrderState, type PlaceOrderRequestSchema } from '@vouchsafe/proto/order/v1/order';
import { type Refund, RefundState } from '@vouchsafe/proto/order/v1/refund';
import { RedemptionService, type RedeemVoucherResponse } from '@vouchsafe/proto/redemption/v1/redemption';
import { Connection, reasonOf } from '../client/connection.js';
import { disclose } from '../demo/redeeming.js';
import type { Form } from './form.js';

export type Wanted = MessageInitShape<typeof PlaceOrderRequestSchema>;
export type Secret = { readonly voucherId: string; readonly code: string };
export const BOOK = 'bok_main';
const WAIT_MS = 20_000;
const PATIENCE_MS = 30_000;
const AGAIN_MS = 50;
const ENDS: readonly OrderState[] = [OrderState.COMPLETED, OrderState.CANCELLED, OrderState.REJECTED];
const UNDER_WAY: readonly RefundState[] = [RefundState.PENDING, RefundState.PAYING_BACK];

/** Asks until the answer is right; throws after half a minute, with the last answer. For what follows in a moment. */
export const until = async <T>(ask: () => Promise<T>, right: (answer: T) => boolean): Promise<T> => {
  for (const end = performance.now() + PATIENCE_MS; ; ) {
    const answer = await ask();
    if (right(answer)) return answer;
    if (performance.now() > end) throw new Error(`not in time: ${JSON.stringify(answer, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}`);
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
};

/** The word a call is refused with; `accepted` where it is not. */
export const refusalOf = (call: Promise<unknown>): Promise<string> => call.then(() => 'accepted', reasonOf);

/** Everybody who comes to the gateway of a form, each with a key of their own. */
export class Visitors {
  readonly #connections = new Map<string, Connection>();
  readonly #sequences = new Map<string, bigint>();

  constructor(readonly form: Form) {
    const { grpc, keys } = form;
    this.#connections.set('admin', new Connection({ grpc, key: keys.admin }));
    for (const [id, key] of [...Object.entries(keys.channels), ...Object.entries(keys.terminals)]) this.#connections.set(id, new Connection({ grpc, key }));
  }
  close(): void {
    for (const connection of this.#connections.values()) connection.close();
  }

  /** The connection of a channel or terminal, or of `admin`. */
  as(id: string): Connection {
    const connection = this.#connections.get(id);
    if (!connection) throw new Error(`nobody here is called ${id}`);
    return connection;
  }
  get admin(): Connection {
    return this.as('admin');
  }

  /** Places an order and waits for its end, as long as a call may. */
  order(channel: string, wanted: Wanted): Promise<Order> {
    return this.as(channel).call(OrderService.method.placeOrder, { waitMs: WAIT_MS, ...wanted });
  }
  orderNow(channel: string, orderId: string): Promise<Order> {
    return this.as(channel).call(OrderService.method.getOrder, { orderId });
  }
  ended(channel: string, orderId: string): Promise<Order> {
    return until(() => this.orderNow(channel, orderId), ({ state }) => ENDS.includes(state));
  }
  /** Settles when the order stands and waits for its buyer's money. */
  async awaitsPayment(channel: string, orderId: string): Promise<void> {
    await until(() => this.orderNow(channel, orderId), ({ state }) => state === OrderState.AWAITING_PAYMENT);
  }
  disclose(channel: string, orderId: string): Promise<readonly Secret[]> {
    return disclose(this.as(channel), orderId);
  }
  /** One own voucher, bought and disclosed. */
  async voucher(channel: string, number: string, productId = 'prd_coffee'): Promise<Secret & { readonly orderId: string }> {
    const { orderId } = await this.order(channel, { number, lines: [{ productId, quantity: 1 }] });
    const [secret] = await this.disclose(channel, orderId);
    if (!secret) throw new Error(`${number} delivered nothing`);
    return { ...secret, orderId };
  }

  /** Asks for a refund and follows it to its end. */
  async refund(channel: string, orderId: string, wanted: { readonly requestId: string; readonly quantity: number; readonly lineId?: string }): Promise<Refund> {
    const { requestId, quantity, lineId = '1' } = wanted;
    const asked = await this.as(channel).call(OrderService.method.createRefund, { orderId, requestId, lines: [{ lineId, quantity }], reason: 'journey' });
    return until(() => this.as(channel).call(OrderService.method.getRefund, { refundId: asked.refundId }), ({ state }) => !UNDER_WAY.includes(state));
  }

  /** A sequence number that this till has not used. */
  sequence(terminal: string): bigint {
    const next = (this.#sequences.get(terminal) ?? 0n) + 1n;
    this.#sequences.set(terminal, next);
    return next;
  }
  redeem(terminal: string, code: string, sequence = this.sequence(terminal)): Promise<RedeemVoucherResponse> {
    return this.as(terminal).call(RedemptionService.method.redeemVoucher, { voucher: { case: 'code', value: code }, sequence, scene: 'counter' });
  }

  /** The sum of the accounts whose names begin so, debit positive; every currency's total is zero meanwhile. */
  async balance(prefix: string): Promise<bigint> {
    const { lines, totals } = await this.admin.call(LedgerService.method.getTrialBalance, { bookId: BOOK });
    for (const { account, balance } of totals) if (balance?.minor !== 0n) throw new Error(`the books do not balance: ${account} ${balance?.minor}`);
    return lines.filter(({ account }) => account.startsWith(prefix)).reduce((sum, { balance }) => sum + (balance?.minor ?? 0n), 0n);
  }
}
