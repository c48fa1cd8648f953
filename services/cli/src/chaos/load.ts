import { type Order, OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import { RedemptionService } from '@vouchsafe/proto/redemption/v1/redemption';
import type { Acks } from '../crash/acks.js';
import { disclose } from '../demo/redeeming.js';
import { CHANNELS, type Clients } from './clients.js';

const FINAL = [OrderState.COMPLETED, OrderState.REJECTED, OrderState.CANCELLED];
const AGAIN_MS = 200;
const AGAIN_MAX_MS = 2_000;
/** Within one call; clients ask again. */
const WAIT_MS = 5_000;
/** A client that was refused for so long has been failed by the platform. */
const PATIENCE_MS = 60_000;
const LANES_MAX = 400;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Orders at a steady rate, whatever becomes of those before, by clients that never give up: each asks again under its own number
 * until its order has ended. Some disclose what they bought, some redeem it.
 */
export class Load {
  readonly #open = new Set<number>();
  readonly #idOf = new Map<number, string>();
  readonly #tasks = new Set<Promise<void>>();
  readonly #clients: Clients;
  readonly #acks: Acks;
  #next = 0;
  #sequence = 1;
  #timer: NodeJS.Timeout | undefined;
  /** No client asks again after this. */
  #over = Infinity;
  /** Calls that had no good answer at once, and were made again. */
  retried = 0;
  /** One number that was answered with two orders; in words. */
  readonly doubled: string[] = [];
  /** Clients that gave up after {@link PATIENCE_MS}. */
  readonly failed: string[] = [];
  /** What calls were refused with, and how often. */
  readonly refusals = new Map<string, number>();

  /** `prefix`: of all its orders' numbers, where several loads call one deployment. */
  constructor(clients: Clients, acks: Acks, readonly prefix = 'C') {
    this.#clients = clients;
    this.#acks = acks;
  }

  get placed(): number {
    return this.#next;
  }
  get open(): number {
    return this.#open.size;
  }

  begin(perSecond: number): void {
    this.#timer = setInterval(() => {
      if (this.#tasks.size >= LANES_MAX) return; // what is not even begun is not counted
      const task = this.#client(this.#next++).finally(() => this.#tasks.delete(task));
      this.#tasks.add(task);
    }, 1_000 / perSecond);
  }

  /** No new orders; waits at most `ms` for those there are to end. Numbers that have not ended. */
  async end(ms: number): Promise<readonly string[]> {
    clearInterval(this.#timer);
    this.#over = Date.now() + ms;
    await Promise.all(this.#tasks);
    return [...this.#open].map((n) => `${this.prefix}-${n} (${this.#idOf.get(n) ?? 'never answered'})`);
  }

  async #client(n: number): Promise<void> {
    this.#open.add(n);
    const order = await this.#until(n, () => this.#place(n));
    if (!order) return;
    this.#open.delete(n);
    this.#acks.note({ kind: 'order', number: `${this.prefix}-${n}`, channel: channelOf(n), orderId: order.orderId, state: order.state, quantity: quantityOf(n) });
    if (order.state === OrderState.COMPLETED && n % 4 === 0) await this.#until(n, () => this.#use(n, order.orderId));
  }

  async #place(n: number): Promise<Order> {
    const order = await this.#clients.channels[channelOf(n)].call(OrderService.method.placeOrder, {
      number: `${this.prefix}-${n}`, waitMs: WAIT_MS, lines: [{ productId: isOwn(n) ? 'prd_coffee' : 'prd_video-month', quantity: quantityOf(n) }], ...(isNamed(n) && { buyer: { ref: `buyer-${this.prefix}-${n}` } }),
    });
    const known = this.#idOf.get(n);
    if (known !== undefined && known !== order.orderId) this.doubled.push(`${this.prefix}-${n} is ${known} and ${order.orderId}`);
    this.#idOf.set(n, order.orderId);
    if (!FINAL.includes(order.state)) throw new Error('NOT_FINAL: not ended yet');
    return order;
  }

  async #use(n: number, orderId: string): Promise<void> {
    const secrets = await disclose(this.#clients.channels[channelOf(n)], orderId);
    this.#acks.note({ kind: 'disclosure', orderId, codes: secrets.map(({ code }) => code) });
    if (!isOwn(n)) return;
    const sequence = this.#sequence++;
    await this.#until(n, async () => {
      const { redemption } = await this.#clients.till.call(RedemptionService.method.redeemVoucher, { voucher: { case: 'code', value: secrets[0]!.code }, sequence: BigInt(sequence), scene: 'counter' });
      this.#acks.note({ kind: 'redemption', voucherId: redemption!.voucherId, redemptionId: redemption!.redemptionId, orderId, sequence });
    });
  }

  /** Tries until it succeeds; undefined where the load is over before. */
  async #until<T>(n: number, work: () => Promise<T>): Promise<T | undefined> {
    const patient = Date.now() + PATIENCE_MS;
    for (let told = false, pause = AGAIN_MS; ; pause = Math.min(AGAIN_MAX_MS, pause * 2)) {
      try {
        return await work();
      } catch (error) {
        const words = wordsOf(error);
        this.retried++;
        this.refusals.set(words, (this.refusals.get(words) ?? 0) + 1);
        if (Date.now() > this.#over) return undefined;
        if (!told && Date.now() > patient) {
          told = true;
          this.failed.push(`${this.prefix}-${n}: ${words}`);
        }
      }
      await sleep(pause);
    }
  }
}

/** Without what differs from call to call. */
const wordsOf = (error: unknown): string => String((error as Error).message).replace(/after [\d.]+s.*$/, 'after …').replace(/127\.0\.0\.1:\d+/g, '…').slice(0, 120);

const isOwn = (n: number): boolean => n % 8 === 0;
/** Others bring no personal data, so that nothing of theirs lies in a vault. */
const isNamed = (n: number): boolean => n % 3 !== 2;
const quantityOf = (n: number): number => (isOwn(n) ? 1 : 1 + (n % 3));
const channelOf = (n: number): (typeof CHANNELS)[number] => CHANNELS[n % 2]!;
