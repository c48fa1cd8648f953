import { type Instant, instant, plusMs } from '@vouchsafe/kernel';
import { FulfillmentService } from '@vouchsafe/proto/fulfillment/v1/fulfillment';
import { LedgerService } from '@vouchsafe/proto/ledger/v1/ledger';
import { type Order, OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import { type Refund, RefundState } from '@vouchsafe/proto/order/v1/refund';
import { RedemptionService } from '@vouchsafe/proto/redemption/v1/redemption';
import { RiskService, VerdictKind } from '@vouchsafe/proto/risk/v1/risk';
import { shareOf } from '../chance.js';
import type { Stage } from '../stage.js';
import { BOOK, CHANNEL, CURRENCY, linesOf, OWN, TILL } from './market.js';
import type { CardPayment } from './payments.js';

/** From a payment to its charge-back, and from there to the dispute's end. */
export const CHARGEBACK_AFTER_MS = 7 * 86_400_000;
/** One payment and all that became of it. */
export type Story = {
  readonly payment: CardPayment; readonly orderId: string; readonly state: OrderState;
  /** Vouchers of ours that were used at the till. */
  used: number;
  refunded: bigint;
};
export type Played = { readonly stories: readonly Story[]; readonly deeds: Readonly<Record<string, number>>; readonly paidOut: bigint };

type StepKind = 'order' | 'fetch' | 'redeem' | 'refund' | 'chargedBack' | 'decided';
type Step = { readonly at: Instant; readonly kind: StepKind; readonly payment: CardPayment };

const [DAY_MS, HOUR_MS] = [86_400_000, 3_600_000];
const PAYS_WITHIN_MS = 8 * 60_000;
/** The sandbox's buyer pays after 200 ms; with the provider's tick he has by then. */
const PAID_BY_MS = 400;
const SHARES = { fetch: 0.4, redeem: 0.25, refund: 0.06 };
const POLL_MS = 4;
const POLLS_MAX = 2_500;
const FINAL: readonly OrderState[] = [OrderState.COMPLETED, OrderState.REJECTED, OrderState.CANCELLED];
const SETTLED: readonly RefundState[] = [RefundState.COMPLETED, RefundState.PARTIAL, RefundState.FAILED];

const stepsOf = (payment: CardPayment): readonly Step[] => {
  const { id, at, fate } = payment;
  const share = (what: string): number => shareOf(what, id);
  const later = (what: string, days: number): Instant => plusMs(at, HOUR_MS + Math.floor(share(`${what}-when`) * days * DAY_MS));
  const steps: Step[] = [{ at, kind: 'order', payment }];
  if (share('fetch') < SHARES.fetch) steps.push({ at: later('fetch', 2), kind: 'fetch', payment });
  if (share('redeem') < SHARES.redeem) steps.push({ at: later('redeem', 5), kind: 'redeem', payment });
  if (fate === 'paid' && share('refund') < SHARES.refund) steps.push({ at: later('refund', 6), kind: 'refund', payment });
  if (fate !== 'paid') {
    // A second later, for the provider counts from when it was paid.
    steps.push({ at: plusMs(at, CHARGEBACK_AFTER_MS + 1_000), kind: 'chargedBack', payment }, { at: plusMs(at, 2 * CHARGEBACK_AFTER_MS + 1_000), kind: 'decided', payment });
  }
  return steps;
};

/** Plays all payments, each step at its own time. */
export const playPayments = async (stage: Stage, payments: readonly CardPayment[], seen: (done: number, of: number) => void): Promise<Played> => {
  const cashier = new Cashier(stage);
  const steps = payments.flatMap(stepsOf).sort((a, b) => a.at - b.at);
  let done = 0;
  for (const step of steps) {
    if (cashier.mustCollectBefore(step.at)) await cashier.collect();
    await stage.goTo(step.at);
    await cashier.play(step);
    seen(++done, steps.length);
  }
  await cashier.collect();
  return { stories: [...cashier.stories.values()], deeds: cashier.deeds, paidOut: await payOut(stage) };
};

class Cashier {
  /** Ordered, and not yet paid. */
  readonly #waiting: { readonly order: Order; readonly payment: CardPayment }[] = [];
  readonly stories = new Map<string, Story>();
  readonly deeds: Record<string, number> = {};
  #sequence = 0;
  constructor(readonly stage: Stage) {}

  async play({ kind, payment }: Step): Promise<void> {
    const story = this.stories.get(payment.id);
    if (kind === 'order') return this.#buy(payment);
    if (story?.state !== OrderState.COMPLETED) return;
    switch (kind) {
      case 'fetch': return this.#fetch(story);
      case 'redeem': return this.#redeem(story);
      case 'refund': return this.#refund(story);
      case 'chargedBack': return this.#booked(story, 'ChargebackOpened');
      case 'decided': return this.#booked(story, story.payment.fate === 'lost' ? 'ChargebackLost' : 'ChargebackWon');
    }
  }

  get #market() {
    return this.stage.as(CHANNEL);
  }
  #count(word: string): void {
    this.deeds[word] = (this.deeds[word] ?? 0) + 1;
  }

  /** Ordered; challenged buyers prove themselves, reviewed ones are let through, for these payments did happen. */
  async #buy(payment: CardPayment): Promise<void> {
    let order = await this.#place(payment, '', '');
    if (order.reason?.code === 'CHALLENGE_REQUIRED') {
      this.#count('challenge met');
      order = await this.#place(payment, '.again', order.challengeToken);
    }
    if (order.state === OrderState.IN_REVIEW) await this.#letThrough(order);
    this.#waiting.push({ order, payment });
  }
  /** Buyers pay within some minutes, those of the same minutes together. */
  mustCollectBefore(at: Instant): boolean {
    const [first] = this.#waiting;
    return first !== undefined && at - first.payment.at > PAYS_WITHIN_MS;
  }
  /** Everybody who has ordered pays, and is delivered. */
  async collect(): Promise<void> {
    if (this.#waiting.length === 0) return;
    await this.stage.goTo(plusMs(this.stage.clock.now(), PAID_BY_MS));
    await this.stage.wake(); // the provider's timer is among those who sleep
    await Promise.all(this.#waiting.splice(0).map(async ({ order, payment }) => {
      const { orderId, state } = FINAL.includes(order.state) ? order : await this.#final(order);
      this.stories.set(payment.id, { payment, orderId, state, used: 0, refunded: 0n });
    }));
  }
  #place({ id, user, device, minor, fate }: CardPayment, again: string, challengeProof: string): Promise<Order> {
    return this.#market.call(OrderService.method.placeOrder, {
      number: `${id}${again}.${fate}`, buyer: { ref: user, device }, lines: linesOf(minor).map((line) => ({ ...line })), waitMs: 30_000, challengeProof,
    });
  }
  async #letThrough({ orderId }: Order): Promise<void> {
    const admin = this.stage.as('admin');
    const review = await until('a review', async () => (await admin.call(RiskService.method.listReviews, { pageSize: 100 })).reviews.find((one) => one.orderId === orderId));
    await admin.call(RiskService.method.resolveReview, { verdictId: review.verdictId, decision: VerdictKind.ALLOW, note: 'trace' });
    await until('the payment', async () => ((await this.#market.call(OrderService.method.getOrder, { orderId })).state === OrderState.AWAITING_PAYMENT ? true : undefined));
    this.#count('review allowed');
  }
  async #final({ orderId }: Order): Promise<Order> {
    for await (const order of this.#market.stream(OrderService.method.watchOrder, { orderId })) if (FINAL.includes(order.state)) return order;
    throw new Error(`${orderId} did not end`);
  }

  /** Others' codes leave for good; what is not fetched can go back on sale. */
  async #fetch({ orderId, payment: { minor } }: Story): Promise<void> {
    const lineIds = linesOf(minor).flatMap(({ productId }, i) => (productId === OWN ? [] : [String(i + 1)]));
    if (lineIds.length === 0) return;
    await this.#disclose(orderId, lineIds);
    this.#count('fetched');
  }
  /** One voucher of ours, if there is one, is used at the till. */
  async #redeem(story: Story): Promise<void> {
    const { orderId, payment: { minor }, refunded } = story;
    if (linesOf(minor)[0]?.productId !== OWN || refunded > 0n) return;
    const [code] = await this.#disclose(orderId, ['1']);
    if (code === undefined) return;
    await this.stage.as(TILL).call(RedemptionService.method.redeemVoucher, { voucher: { case: 'code', value: code }, sequence: BigInt(++this.#sequence) });
    story.used++;
    this.#count('redeemed');
  }
  async #disclose(orderId: string, lineIds: readonly string[]): Promise<readonly string[]> {
    const codes: string[] = [];
    for await (const { secrets } of this.#market.stream(FulfillmentService.method.discloseSecrets, { orderId, lineIds: [...lineIds] })) codes.push(...secrets.map(({ code }) => code));
    return codes;
  }

  async #refund(story: Story): Promise<void> {
    const { orderId, payment: { id } } = story;
    const whole = shareOf('refund-whole', id) < 0.5;
    const begun = await this.#market.call(OrderService.method.createRefund, { orderId, requestId: `refund-${id}`, reason: 'trace', lines: whole ? [] : [{ lineId: '1', quantity: 1 }] });
    const ended = await until<Refund>('a refund', async () => {
      const refund = await this.#market.call(OrderService.method.getRefund, { refundId: begun.refundId });
      return SETTLED.includes(refund.state) ? refund : undefined;
    });
    story.refunded += ended.amount?.minor ?? 0n;
    this.#count(`refund ${RefundState[ended.state].toLowerCase()}`);
  }

  /** What the provider's notice set off is over once it is in the books. */
  async #booked({ orderId }: Story, kind: string): Promise<void> {
    await this.stage.wake();
    const admin = this.stage.as('admin');
    await until(kind, async () => {
      const { entries } = await admin.call(LedgerService.method.listEntries, { filter: `order_id = "${orderId}"`, pageSize: 100 });
      return entries.some((entry) => entry.kind === kind) ? true : undefined;
    });
    this.#count(kind);
  }
}

/** The provider pays out half of what it holds. */
const payOut = async (stage: Stage): Promise<bigint> => {
  const admin = stage.as('admin');
  const { lines } = await admin.call(LedgerService.method.getTrialBalance, { bookId: BOOK });
  const clearing = lines.find(({ account }) => account === 'assets:clearing:psp:sandbox')?.balance?.minor ?? 0n;
  const minor = clearing / 2n;
  await admin.call(LedgerService.method.recordReceipt, {
    receipt: { case: 'providerPayout', value: { bookId: BOOK, provider: 'sandbox' } }, amount: { minor, currency: CURRENCY }, bank: 'bank', bankReference: 'PAYOUT-1',
  });
  return minor;
};

const until = async <T>(what: string, look: () => Promise<T | undefined>): Promise<T> => {
  for (let poll = 0; poll < POLLS_MAX; poll++) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`${what} did not come in time`);
};
export const startOf = (payments: readonly CardPayment[]): Instant => instant(Math.min(...payments.map(({ at }) => at)) - DAY_MS);
