import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { InsightService } from '@vouchsafe/proto/audit/v1/audit';
import { OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import { RedemptionService } from '@vouchsafe/proto/redemption/v1/redemption';
import { seededRandom } from '@vouchsafe/runtime';
import { Connection } from '../client/connection.js';
import { disclose } from '../demo/redeeming.js';
import { furnish } from '../demo/furnish.js';
import { eventually, type Ready, Server } from '../drive/server.js';
import { EXIT, type Speech } from '../speech.js';
import { Acks } from './acks.js';
import { auditLog, codesTwice, type CrashVerdict, lostOf } from './verdict.js';

export type CrashPlan = { readonly kills: number; readonly seed: number; readonly keep: boolean };

const IN_FLIGHT = 24;
/** Of a life: killed somewhere in it. */
const LIFE_MS = 700;
/** Where a life may end by itself: around the n-th write or flush of any file (see all-in-one's `dying-disk.ts`). */
const POINTS = ['before-write', 'after-write', 'before-sync', 'after-sync'] as const;
const RECOVERY_MS = 60_000;
const CHANNELS = ['DIST', 'CORP'] as const;
const FINAL = [OrderState.COMPLETED, OrderState.REJECTED, OrderState.CANCELLED];

/**
 * Places orders, discloses, redeems and refunds against a server that is killed with SIGKILL at random moments and at named points, then
 * asks the last life about everything that was ever answered and audits the log. Its last line is one JSON object.
 */
export const crash = async (speech: Speech, { kills, seed, keep }: CrashPlan): Promise<number> => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-crash-'));
  const server = new Server({ folder });
  const acks = new Acks(path.join(folder, 'acks.ndjson'));
  const random = seededRandom(seed);
  try {
    let ready = await server.start();
    await furnishing(ready, folder, kills);
    const driver = new Driver(acks);
    for (let kill = 1; kill <= kills; kill++) {
      const life = driver.drive(ready);
      // Every other life ends at a named point of the disk's work, the others at any moment.
      await Promise.race([server.gone(), new Promise((resolve) => setTimeout(resolve, kill % 2 === 0 ? LIFE_MS * 3 : random.fraction() * LIFE_MS))]);
      acks.flush();
      await server.kill();
      await life;
      const point = POINTS[(kill >> 1) % POINTS.length]!;
      ready = await server.start((kill + 1) % 2 === 0 ? { VOUCHSAFE_DIE_AT: `${point}:${20 + Math.floor(random.fraction() * 200)}` } : {});
      if (kill % 10 === 0) speech.note(`${kill}/${kills}  ${speech.t('已应答', 'acked')} ${acks.all.length}`);
    }
    await driver.finish(ready);
    const verdict = await judge(server, ready, folder, acks);
    for (const example of verdict.examples) speech.note(`✘ ${example}`);
    speech.say(JSON.stringify(verdict));
    return verdict.lost + verdict.applied_twice + verdict.codes_twice + Math.abs(verdict.ledger_sum) + verdict.open_orders + verdict.damage > 0 ? EXIT.refused : EXIT.ok;
  } finally {
    acks.close();
    await server.kill();
    if (keep) speech.note(folder);
    else rmSync(folder, { recursive: true, force: true });
  }
};

const furnishing = async (ready: Ready, folder: string, kills: number): Promise<void> => {
  const admin = new Connection({ grpc: ready.grpc, key: ready.keys.VOUCHSAFE_ADMIN_KEY ?? '' });
  await furnish(admin, folder, { months: 2_000 + kills * 400, seats: 10, coffee: 1_000 + kills * 200, tens: 10 });
  admin.close();
};

/** Clients that never give up: what was not answered is asked again under the same number in the next life. */
class Driver {
  readonly #acks: Acks;
  #next = 0;
  #sequence = 1;
  /** Order numbers without a final answer yet. */
  readonly #open = new Set<number>();
  constructor(acks: Acks) {
    this.#acks = acks;
  }

  /** Works until the server is gone. */
  async drive(ready: Ready): Promise<void> {
    const connections = open(ready);
    const retries = [...this.#open];
    let alive = true;
    const lane = async (): Promise<void> => {
      while (alive) {
        const n = retries.pop() ?? this.#next++;
        try {
          await this.#one(connections, n);
        } catch {
          alive = alive && (await reachable(connections)); // a call without an answer: the server died, or said no
        }
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
    close(connections);
  }

  /** Brings every open order to its end in the last life. */
  async finish(ready: Ready): Promise<void> {
    const connections = open(ready);
    for (const n of this.#open) await eventually(RECOVERY_MS, () => this.#one(connections, n));
    close(connections);
  }

  async #one(connections: Connections, n: number): Promise<void> {
    this.#open.add(n);
    const channel = CHANNELS[n % 2]!;
    const own = n % 3 === 0;
    const quantity = own ? 1 : 1 + (n % 4);
    const order = await connections.channels[channel].call(OrderService.method.placeOrder, {
      number: `K-${n}`, waitMs: 10_000, lines: [{ productId: own ? 'prd_coffee' : 'prd_video-month', quantity }], buyer: { ref: `buyer-${n}` },
    });
    if (!FINAL.includes(order.state)) throw new Error('not final yet');
    this.#open.delete(n);
    this.#acks.note({ kind: 'order', number: `K-${n}`, channel, orderId: order.orderId, state: order.state, quantity });
    if (order.state === OrderState.COMPLETED) await this.#after(connections, n, channel, order.orderId, own);
  }

  async #after({ channels, till }: Connections, n: number, channel: (typeof CHANNELS)[number], orderId: string, own: boolean): Promise<void> {
    if (n % 7 === 0 && !own) {
      const { refundId } = await channels[channel].call(OrderService.method.createRefund, { orderId, requestId: `kr-${n}`, lines: [{ lineId: '1', quantity: 1 }], reason: 'crash test' });
      this.#acks.note({ kind: 'refund', orderId, refundId });
    } else if (n % 5 === 0 || own) {
      const secrets = await disclose(channels[channel], orderId);
      this.#acks.note({ kind: 'disclosure', orderId, codes: secrets.map(({ code }) => code) });
      if (!own) return;
      const sequence = this.#sequence++;
      const { redemption } = await till.call(RedemptionService.method.redeemVoucher, { voucher: { case: 'code', value: secrets[0]!.code }, sequence: BigInt(sequence), scene: 'counter' });
      this.#acks.note({ kind: 'redemption', voucherId: redemption!.voucherId, redemptionId: redemption!.redemptionId, orderId, sequence });
    }
  }
}

type Connections = { readonly channels: Readonly<Record<(typeof CHANNELS)[number], Connection>>; readonly till: Connection };
const open = ({ grpc, keys }: Ready): Connections => ({
  channels: { DIST: new Connection({ grpc, key: keys.VOUCHSAFE_KEY_DIST ?? '' }), CORP: new Connection({ grpc, key: keys.VOUCHSAFE_KEY_CORP ?? '' }) },
  till: new Connection({ grpc, key: keys.VOUCHSAFE_TERMINAL_KEY_LAKE_1 ?? '' }),
});
const close = ({ channels, till }: Connections): void => {
  for (const connection of [channels.DIST, channels.CORP, till]) connection.close();
};
const reachable = ({ channels }: Connections): Promise<boolean> => channels.DIST.call(OrderService.method.listOrders, { pageSize: 1 }).then(() => true, () => false);

const judge = async (server: Server, ready: Ready, folder: string, acks: Acks): Promise<CrashVerdict> => {
  const connections = open(ready);
  const admin = new Connection({ grpc: ready.grpc, key: ready.keys.VOUCHSAFE_ADMIN_KEY ?? '' });
  await eventually(RECOVERY_MS, async () => {
    const { ordersByState } = await admin.call(InsightService.method.getOverview, {});
    if ((ordersByState.PENDING ?? 0n) + (ordersByState.FULFILLING ?? 0n) > 0n) throw new Error('orders are still under way');
  }).catch(() => undefined); // the audit names them
  const lost = await lostOf(acks.all, (name) => connections.channels[name as (typeof CHANNELS)[number]], { admin, till: connections.till });
  admin.close();
  close(connections);
  await server.stop();
  const { findings, placedTwice } = await auditLog(path.join(folder, 'data'));
  const { violations } = findings;
  const twice = [...codesTwice(acks.all), ...violations.codes];
  const applied = [...placedTwice, ...violations.redemptions];
  const sums = Object.values(findings.ledgerSums).map((sum) => (sum < 0n ? -sum : sum)).reduce((a, b) => a + b, 0n) + BigInt(violations.books.length);
  return {
    acked: acks.all.length, lost: lost.length, applied_twice: applied.length, codes_twice: twice.length, ledger_sum: Number(sums), open_orders: violations.orders.length,
    damage: violations.integrity.length, examples: [...lost, ...applied, ...twice, ...violations.books, ...violations.orders, ...violations.integrity].slice(0, 10),
  };
};
