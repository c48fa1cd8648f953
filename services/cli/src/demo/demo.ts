import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { RecordedEvent } from '@vouchsafe/event-store';
import { InsightService } from '@vouchsafe/proto/audit/v1/audit';
import { OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import { Auditor } from '../audit/auditor.js';
import { allEvents, openLog } from '../audit/open-log.js';
import { backupNamespace, restoreNamespace } from '../commands/backup.js';
import { compareViews } from '../audit/compare-views.js';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import { Connection } from '../client/connection.js';
import { eventually, type Ready, Server } from '../drive/server.js';
import { CommandFailure, EXIT, type Speech } from '../speech.js';
import { furnish } from './furnish.js';
import { cheatLines, pageLines } from './page.js';
import { Progress } from './progress.js';
import { disclose, redeemAll, type Redeemed, refundAll } from './redeeming.js';
import { type Acked, Channels, placeOrder, play, playOf } from './traffic.js';

const ORDERS = 1_500;
const ORDERS_AROUND_KILL = 600;
const IN_FLIGHT = 48;
const KILL_AFTER_MS = 250;
const RECOVERY_MS = 30_000;
const REDEEM_MAX = 200;
const REFUNDS = 30;
const STOCK = { months: 6_000, seats: 1_000, coffee: 1_200, tens: 1_000 };
const SOLD_AROUND_RESTORE = 40;

/** Plays the whole platform in a minute and ends with one page computed from its log. Exit 1 if a promise was broken. */
export const demo = async (speech: Speech, keep: boolean): Promise<number> => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-demo-'));
  const server = new Server({ folder });
  const progress = new Progress(speech);
  try {
    progress.begin('启动整个平台（空目录）', 'starting the whole platform on an empty directory');
    const ready = await server.start();
    progress.end(ready.http);
    const told = await playAll(speech, progress, server, ready, folder);
    const restored = await acrossARestore(speech, progress, server, folder);
    progress.begin('等最后的订单结束，停机', 'letting the last orders end, stopping');
    await quiet(server.ready());
    await server.stop();
    progress.end();
    return await conclude(speech, progress, folder, { ...told, twice: restored });
  } finally {
    await server.kill();
    if (keep) speech.note(folder);
    else rmSync(folder, { recursive: true, force: true });
  }
};

type Played = { readonly acked: readonly Acked[]; readonly ms: readonly number[]; readonly redeemed: readonly Redeemed[]; readonly lost: readonly string[] };

type Told = Played & { readonly twice: readonly string[] };

const playAll = async (speech: Speech, progress: Progress, server: Server, ready: Ready, folder: string): Promise<Played> => {
  const admin = new Connection({ grpc: ready.grpc, key: ready.keys.VOUCHSAFE_ADMIN_KEY ?? '' });
  progress.begin('应用商品目录，导入卡密，生成权益券', 'applying the catalogue, importing codes, minting vouchers');
  await furnish(admin, folder, STOCK);
  progress.end(Object.values(STOCK).reduce((a, b) => a + b).toLocaleString('en'));
  admin.close();
  const channels = new Channels(ready);
  progress.begin('多个渠道同时下单（含黄牛）', 'orders from several channels at once, scalpers among them');
  const first = await play(channels, { orders: ORDERS, inFlight: IN_FLIGHT, from: 0, seen: (done) => progress.at(done, ORDERS) });
  progress.end(`${first.acked.length}`);
  progress.begin('取码并核销，再核销一次看拒绝', 'disclosing and redeeming, and once more to see the refusal');
  const coffees = first.acked.filter(({ productId, state }) => productId === 'prd_coffee' && state === OrderState.COMPLETED).slice(0, REDEEM_MAX);
  const used = await redeemAll(ready, channels, coffees, 1, (done) => progress.at(done, coffees.length));
  progress.end(`${used.redeemed.length}; ${Object.entries(used.refusals).map(([reason, count]) => `${reason} ${count}`).join(', ')}`);
  progress.begin('退款', 'refunds');
  const months = first.acked.filter(({ productId, state }) => productId === 'prd_video-month' && state === OrderState.COMPLETED);
  progress.end(`${await refundAll(channels, months.slice(0, REFUNDS))}`);
  channels.close();
  const second = await acrossAKill(speech, progress, server, ready);
  return { acked: [...first.acked, ...second.acked], ms: first.ms, redeemed: used.redeemed, lost: second.lost };
};

/** SIGKILL in the middle of traffic; everything answered before it must be there afterwards, everything open can be asked again. */
const acrossAKill = async (speech: Speech, progress: Progress, server: Server, before: Ready): Promise<{ readonly acked: readonly Acked[]; readonly lost: readonly string[] }> => {
  progress.begin('下单途中 SIGKILL 服务器', 'SIGKILL in the middle of traffic');
  const channels = new Channels(before);
  const playing = play(channels, { orders: ORDERS_AROUND_KILL, inFlight: IN_FLIGHT, from: ORDERS });
  await new Promise((resolve) => setTimeout(resolve, KILL_AFTER_MS));
  await server.kill();
  const { acked, open } = await playing;
  channels.close();
  progress.end(speech.t(`已应答 ${acked.length}，未应答 ${open.length}`, `${acked.length} answered, ${open.length} open`));
  progress.begin('重新启动，用同样的单号再问一遍', 'starting again, asking again under the same numbers');
  const again = new Channels(await server.start());
  const retried = await Promise.all(open.map((n) => eventually(RECOVERY_MS, async () => {
    const order = await placeOrder(again, n, 10_000);
    return { channelId: order.channelId, number: order.number, orderId: order.orderId, state: order.state, productId: playOf(n).productId };
  })));
  const lost: string[] = [];
  for (const { number, orderId, state } of acked) {
    const n = Number(number.slice(2));
    const now = await again.of(playOf(n).keyVariable).call(OrderService.method.getOrder, { orderId });
    if (now.state !== state) lost.push(`${number} ${OrderState[state]} → ${OrderState[now.state]}`);
  }
  again.close();
  progress.end(`${retried.length}`);
  return { acked: [...acked, ...retried], lost };
};

/** Longer than the sandbox lets pass before it asks what became of a top-up whose answer the SIGKILL swallowed. */
const QUIET_MS = 60_000;
/** Settles when no order is under way any more (orders for a person to review stay). */
const quiet = async (ready: Ready): Promise<void> => {
  const admin = new Connection({ grpc: ready.grpc, key: ready.keys.VOUCHSAFE_ADMIN_KEY ?? '' });
  await eventually(QUIET_MS, async () => {
    const { ordersByState } = await admin.call(InsightService.method.getOverview, {});
    const open = (ordersByState.PENDING ?? 0n) + (ordersByState.FULFILLING ?? 0n);
    if (open > 0n) throw new CommandFailure(EXIT.refused, `${QUIET_MS / 1000} 秒后仍有 ${open} 个订单没有结局`, `${open} orders have not ended after ${QUIET_MS / 1000} s`);
  });
  admin.close();
};

/** Backs up, sells, restores the backup, releases stock against the journal, sells again: the codes that were sold twice (none). */
const acrossARestore = async (speech: Speech, progress: Progress, server: Server, folder: string): Promise<readonly string[]> => {
  const [data, journal] = [path.join(folder, 'data'), path.join(folder, 'journal')];
  const places = { data, journal, namespace: 'sandbox' } as const;
  progress.begin('备份，再卖出一些', 'backing up, selling some more');
  await backupNamespace(places, path.join(folder, 'backup'));
  const before = await sellCodes(server.ready(), 'B');
  progress.end(`${before.length}`);
  progress.begin('丢掉数据目录，恢复备份，对账放行库存', 'losing the directory, restoring, releasing stock against the journal');
  await server.stop();
  rmSync(path.join(data, 'sandbox'), { recursive: true });
  await restoreNamespace(places, path.join(folder, 'backup'));
  const ready = await server.start();
  const admin = new Connection({ grpc: ready.grpc, key: ready.keys.VOUCHSAFE_ADMIN_KEY ?? '' });
  await admin.call(InventoryService.method.releasePoolHold, { productId: 'prd_video-month' });
  admin.close();
  progress.end();
  progress.begin('恢复后继续售卖', 'selling after the restore');
  const after = await sellCodes(ready, 'C');
  progress.end(`${after.length}`);
  return after.filter((code) => before.includes(code)).map((code) => speech.t(`尾号 ${code.slice(-4)} 被卖了两次`, `the code ending in ${code.slice(-4)} was sold twice`));
};

const sellCodes = async (ready: Ready, prefix: string): Promise<readonly string[]> => {
  const channels = new Channels(ready);
  const codes: string[] = [];
  for (let n = 1; n <= SOLD_AROUND_RESTORE; n++) {
    const { state, orderId } = await placeOrder(channels, 10 * n + 1_000_001, 10_000, prefix);
    if (state === OrderState.COMPLETED) codes.push(...(await disclose(channels.of('VOUCHSAFE_KEY_DIST'), orderId)).map(({ code }) => code));
  }
  channels.close();
  return codes;
};

const conclude = async (speech: Speech, progress: Progress, folder: string, told: Told): Promise<number> => {
  progress.begin('审计整个日志', 'auditing the whole log');
  const store = await openLog(path.join(folder, 'data'), 'sandbox');
  const auditor = new Auditor();
  const [sample] = told.redeemed;
  const life: RecordedEvent[] = [];
  for await (const event of allEvents(store)) {
    auditor.see(event);
    if (sample && event.correlation === sample.orderId) life.push(event);
  }
  await store.close();
  const findings = auditor.findings();
  progress.end(`${findings.events}`);
  const { t } = speech;
  progress.begin('重建全部视图并与现有的比较', 'rebuilding every view and comparing');
  const views = await compareViews(path.join(folder, 'data'), 'sandbox');
  progress.end(`${views.length}`);
  const differing = views.filter(({ differences }) => differences.length > 0).flatMap(({ collection, differences }) => differences.map((what) => `${collection}: ${what}`));
  const more: (readonly [boolean, string, readonly string[]])[] = [
    [differing.length === 0, t(`视图 = 重建（${views.length} 个）`, `views rebuilt = live (${views.length})`), differing],
    [told.lost.length === 0, t(`已应答的 ${told.acked.length} 个订单一个不少`, `nothing acknowledged was lost (${told.acked.length} orders)`), told.lost],
    [told.twice.length === 0, t('恢复备份后没有一码被再次卖出', 'no code was sold again after the backup was restored'), told.twice],
  ];
  speech.result({ ...findings, acked: told.acked.length, lost: told.lost }, () => [
    ...pageLines({ findings, life, voucherId: sample?.voucherId ?? '–', more, acked: told.acked.length, callMs: told.ms }, speech.t), ...cheatLines(speech.t),
  ]);
  const broken = Object.values(findings.violations).some((list) => list.length > 0) || more.some(([ok]) => !ok);
  return broken ? EXIT.refused : EXIT.ok;
};
