import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import { RefundState } from '@vouchsafe/proto/order/v1/refund';
import { RedemptionService } from '@vouchsafe/proto/redemption/v1/redemption';
import { RiskService, SignalKind } from '@vouchsafe/proto/risk/v1/risk';
import { reasonOf } from '../../client/connection.js';
import { disclose } from '../../demo/redeeming.js';
import type { Stage } from '../stage.js';
import type { Purchase } from './purchases.js';
import { channelOf, CURRENCY, kindOf, productOf, SCENE, TILL } from './shop.js';
import { type Step, timeline } from './steps.js';

/** How a purchase was answered. */
export type Answered = { readonly purchase: Purchase; readonly orderId: string; readonly state: OrderState };
export type Played = {
  readonly answered: readonly Answered[];
  /** What was done afterwards, and what was refused, by word. */
  readonly deeds: Readonly<Record<string, number>>;
};

/** Signals on their way at a time: they carry their own time, so nobody waits for their answers one by one. */
const SIGNALS_MAX = 64;
const CENTS = 100n;

/** Plays all purchases, each step at its own time; orders one after the other, for time must not go on while one is decided. */
export const playPurchases = async (stage: Stage, purchases: readonly Purchase[], seen: (done: number, of: number) => void): Promise<Played> => {
  const scene = new Scene(stage);
  const steps = timeline(purchases);
  let done = 0;
  for (const step of steps) {
    await stage.goTo(step.at);
    await scene.play(step);
    seen(++done, steps.length);
  }
  await scene.settle();
  return { answered: [...scene.answered.values()], deeds: scene.deeds };
};

class Scene {
  readonly answered = new Map<string, Answered>();
  readonly deeds: Record<string, number> = {};
  readonly #signals = new Map<Promise<unknown>, Purchase>();
  readonly #codes = new Map<string, string>();
  readonly #redemptions = new Map<string, string>();
  #sequence = 0;
  constructor(readonly stage: Stage) {}

  async play({ kind, purchase }: Step): Promise<void> {
    switch (kind) {
      case 'signUp': return this.#signUp(purchase);
      case 'order': return this.#order(purchase);
      case 'fetch': return this.#afterwards(purchase, 'fetched', async (orderId) => void (await this.#codeOf(purchase, orderId)));
      case 'redeem': return this.#afterwards(purchase, 'redeemed', (orderId) => this.#redeem(purchase, orderId, 60n));
      case 'redeemRest': return this.#afterwards(purchase, 'redeemed', (orderId) => this.#redeem(purchase, orderId, 40n));
      case 'reverse': return this.#afterwards(purchase, 'reversed', (orderId) => this.#reverse(orderId));
      case 'refund': return this.#afterwards(purchase, 'refunded', (orderId) => this.#refund(purchase, orderId));
    }
  }
  async settle(): Promise<void> {
    await Promise.all(this.#signals.keys());
  }

  #channel({ source }: Purchase) {
    return this.stage.as(channelOf(source));
  }
  #count(word: string): void {
    this.deeds[word] = (this.deeds[word] ?? 0) + 1;
  }

  async #signUp(purchase: Purchase): Promise<void> {
    const { user, device, ip, signUp } = purchase;
    const told = this.#channel(purchase).call(RiskService.method.recordSignal, {
      kind: SignalKind.SIGN_UP, occurredAt: timestampFromMs(signUp), buyerRef: user, deviceId: device, ip, requestId: `sign-up-${user}`,
    });
    const kept: Promise<unknown> = told.finally(() => this.#signals.delete(kept));
    this.#signals.set(kept, purchase);
    if (this.#signals.size >= SIGNALS_MAX) await this.settle();
  }

  async #order(purchase: Purchase): Promise<void> {
    const { row, user, device, ip, value } = purchase;
    // What was signalled of this buyer, device or address before must have been heard; of others it makes no difference.
    const concerned = [...this.#signals].filter(([, other]) => other.user === user || other.device === device || (ip !== '' && other.ip === ip));
    await Promise.all(concerned.map(([signal]) => signal));
    const { orderId, state } = await this.#channel(purchase).call(OrderService.method.placeOrder, {
      number: `R-${row}`, buyer: { ref: user, device, ip }, lines: [{ productId: productOf(value), quantity: 1 }], waitMs: 30_000,
    });
    this.answered.set(row, { purchase, orderId, state });
  }

  /** Does something with what was delivered; a refusal is counted by its reason. */
  async #afterwards(purchase: Purchase, word: string, deed: (orderId: string) => Promise<void>): Promise<void> {
    const order = this.answered.get(purchase.row);
    if (order?.state !== OrderState.COMPLETED) return;
    try {
      await deed(order.orderId);
      this.#count(word);
    } catch (error) {
      this.#count(`${word}: ${reasonOf(error)}`);
    }
  }

  /** The code, fetched once; its buyer keeps it. */
  async #codeOf(purchase: Purchase, orderId: string): Promise<string | undefined> {
    const kept = this.#codes.get(orderId);
    if (kept !== undefined) return kept;
    const [secret] = await disclose(this.#channel(purchase), orderId);
    if (secret) this.#codes.set(orderId, secret.code);
    return secret?.code;
  }

  async #redeem(purchase: Purchase, orderId: string, percent: bigint): Promise<void> {
    const code = await this.#codeOf(purchase, orderId);
    if (code === undefined) return this.#count('nothing left to fetch');
    const amount = { minor: (BigInt(purchase.value) * CENTS * percent) / 100n, currency: CURRENCY };
    const { redemption } = await this.stage.as(TILL).call(RedemptionService.method.redeemVoucher, {
      voucher: { case: 'code', value: code }, sequence: BigInt(++this.#sequence), scene: SCENE, ...(kindOf(purchase.value) === 'balance' && { amount }),
    });
    if (redemption) this.#redemptions.set(orderId, redemption.redemptionId);
  }

  async #reverse(orderId: string): Promise<void> {
    const redemptionId = this.#redemptions.get(orderId);
    if (redemptionId) await this.stage.as(TILL).call(RedemptionService.method.reverseRedemption, { redemptionId, reason: 'wrong voucher', requestId: `reverse-${orderId}` });
  }

  async #refund(purchase: Purchase, orderId: string): Promise<void> {
    const { state } = await this.#channel(purchase).call(OrderService.method.createRefund, { orderId, requestId: `refund-${purchase.row}`, reason: 'trace' });
    this.#count(`refund ${RefundState[state].toLowerCase()}`);
  }
}
