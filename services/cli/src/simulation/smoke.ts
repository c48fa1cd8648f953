import { type Order, OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import { FulfillmentService } from '@vouchsafe/proto/fulfillment/v1/fulfillment';
import { isRpcFailure } from '@vouchsafe/rpc';
import { Auditor, type Findings } from '../audit/auditor.js';
import { allEvents } from '../audit/open-log.js';
import { World } from './world.js';

/** How one seed ended. */
export type Smoke = {
  readonly seed: number; readonly orders: number; readonly acked: number; readonly refused: number; readonly kills: number;
  /** Answered orders that are not there, or are otherwise, afterwards. */
  readonly lost: readonly string[];
  /** Orders that have not ended although everything worked again. */
  readonly stuck: readonly string[];
  readonly findings: Findings;
  readonly hash: string;
  readonly virtualMs: number;
};

const CHANNELS = ['chn_dist', 'chn_corp'] as const;
const FINAL = [OrderState.COMPLETED, OrderState.REJECTED, OrderState.CANCELLED];
const RETRY_MS = 2_000;
const SETTLE_MS = 120_000;

/** Orders from several channels while the process is killed at random moments; then an audit of what the log says. */
export const smoke = async (seed: number, options: { readonly orders: number; readonly codes: number; readonly kills: number }): Promise<Smoke> => {
  const world = new World(seed);
  await world.begin();
  await world.furnish(options.codes);
  const acked = new Map<string, OrderState>();
  /** Turned away at the door, for everything is sold: nothing was recorded. */
  const refused = new Set<string>();
  let placed = 0;
  let running = true;
  const place = async (n: number): Promise<void> => {
    const number = `S-${n}`;
    const channelId = CHANNELS[n % 2]!;
    while (running && !acked.has(number) && !refused.has(number)) {
      const asked = world.answered((rpc) => rpc.call(OrderService.method.placeOrder, { number, lines: [{ productId: 'prd_video-month', quantity: 1 + (n % 3) }] }, world.context({ kind: 'channel', channelId })));
      const failed = async (error: unknown): Promise<undefined> => {
        if (isRpcFailure(error) && error.code === 'SOLD_OUT_FOR_NOW') refused.add(number);
        else await world.clock.sleep(RETRY_MS);
        return undefined;
      };
      const answer = await Promise.race([asked.catch(failed), world.clock.sleep(RETRY_MS).then(() => undefined)]);
      if (!answer) continue;
      if (FINAL.includes(answer.state)) acked.set(number, answer.state);
      if (answer.state === OrderState.COMPLETED && n % 5 === 0) await disclose(world, channelId, answer);
    }
  };
  const lane = async (): Promise<void> => {
    while (placed < options.orders) await place(placed++);
  };
  const lanes = Promise.all(Array.from({ length: 8 }, lane));
  let done = false;
  void lanes.then(() => { done = true; });
  for (let kill = 0; kill < options.kills && !done; kill++) {
    await world.clock.advance(5 + Math.floor(world.random.fraction() * 60));
    world.kill();
    await world.begin();
  }
  await world.clock.until(lanes);
  running = false;
  await world.clock.advance(SETTLE_MS);
  const told = await report(world, seed, options.orders, acked);
  world.end();
  return { ...told, refused: refused.size };
};

const disclose = async (world: World, channelId: string, order: Order): Promise<void> => {
  const read = world.answered(async (rpc) => {
    for await (const _chunk of rpc.stream(FulfillmentService.method.discloseSecrets, { orderId: order.orderId }, world.context({ kind: 'channel', channelId }))) continue;
  });
  await Promise.race([read.catch(() => undefined), world.clock.sleep(RETRY_MS)]);
};

const report = async (world: World, seed: number, orders: number, acked: ReadonlyMap<string, OrderState>): Promise<Omit<Smoke, 'refused'>> => {
  const { store } = world.life;
  const auditor = new Auditor();
  for await (const event of allEvents(store)) auditor.see(event);
  const findings = auditor.findings();
  const lost: string[] = [];
  for (const [number, state] of acked) {
    const channelId = CHANNELS[Number(number.slice(2)) % 2]!;
    const now = await world.clock.until(world.answered((rpc) => rpc.call(OrderService.method.getOrder, { number }, world.context({ kind: 'channel', channelId })))).catch(() => undefined);
    if (now?.state !== state) lost.push(`${number}: answered ${OrderState[state]}, now ${now ? OrderState[now.state] : 'gone'}`);
  }
  return { seed, orders, acked: acked.size, kills: world.kills, lost, stuck: findings.violations.orders, findings, hash: store.logHash(), virtualMs: world.clock.monotonicMs() };
};
