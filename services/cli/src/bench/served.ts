import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { LedgerService } from '@vouchsafe/proto/ledger/v1/ledger';
import { Auditor } from '../audit/auditor.js';
import { allEvents, openLog } from '../audit/open-log.js';
import { Connection } from '../client/connection.js';
import { furnish } from '../demo/furnish.js';
import { Server } from '../drive/server.js';
import { spawnEcho } from './echo.js';
import { ordersAtMost, ordersFigure } from './orders.js';
import { REDEMPTIONS, redemptionsFigure } from './redemptions.js';
import type { Figure } from './report.js';

export type ServedPlan = { readonly wanted: (id: string) => boolean; readonly seconds: number; readonly rounds: number };

/** Of one order, generously, in minor units. */
const ORDER_COSTS_MINOR = 3_000;

/** P1 and P10, against a server in a process of its own; they count for nothing where its log does not keep the promises. */
export const measureServed = async ({ wanted, seconds, rounds }: ServedPlan): Promise<readonly Figure[]> => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-bench-'));
  const server = new Server({ folder });
  const echo = await spawnEcho();
  try {
    const ready = await server.start();
    const [orders, redemptions] = [wanted('P1') ? ordersAtMost({ seconds, rounds }) : 10, wanted('P10') ? REDEMPTIONS : 0];
    const admin = new Connection({ grpc: ready.grpc, key: ready.keys.VOUCHSAFE_ADMIN_KEY ?? '' }, 600_000);
    await furnish(admin, folder, { months: orders, seats: 10, coffee: redemptions + 100, tens: 10 });
    await admin.call(LedgerService.method.createDeposit, { channelId: 'chn_dist', amount: { minor: BigInt(orders * ORDER_COSTS_MINOR), currency: 'CNY' }, bank: 'icbc', bankReference: 'BENCH-1' });
    await admin.call(LedgerService.method.updateCreditLimit, { channelId: 'chn_corp', limit: { minor: BigInt(Math.max(1, redemptions) * ORDER_COSTS_MINOR), currency: 'CNY' } });
    admin.close();
    const figures: Figure[] = [];
    if (wanted('P1')) figures.push(await ordersFigure({ ready, echo, seconds, rounds }));
    if (wanted('P10')) figures.push(await redemptionsFigure(ready, echo, rounds));
    await server.stop();
    const [wrong] = await violationsOf(folder);
    return figures.map((figure) => (wrong === undefined ? figure : { ...figure, broken: wrong }));
  } finally {
    echo.stop();
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
};

const violationsOf = async (folder: string): Promise<readonly string[]> => {
  const store = await openLog(path.join(folder, 'data'), 'sandbox');
  const auditor = new Auditor();
  for await (const event of allEvents(store)) auditor.see(event);
  await store.close();
  return Object.values(auditor.findings().violations).flat();
};
