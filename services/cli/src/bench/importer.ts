import { setTimeout as sleep } from 'node:timers/promises';
import { PERMISSIONS } from '@vouchsafe/access';
import type { RunningNamespace } from '@vouchsafe/all-in-one';
import { instant } from '@vouchsafe/kernel';
import { ImportState } from '@vouchsafe/proto/inventory/v1/imports';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import type { CallContext } from '@vouchsafe/rpc';

const CHUNK_CODES = 20_000;
const DEADLINE_MS = 3_600_000;

/** Who may do everything in a namespace of this process. */
export const everything = (): CallContext => ({
  caller: { principalId: 'pri_bench', kind: 'person', namespace: 'sandbox', permissions: new Set(PERMISSIONS) }, requestId: 'req_bench', locale: 'en', deadline: instant(Date.now() + DEADLINE_MS),
});

/** Takes made-up codes of one product into a namespace of this process. */
export class Importer {
  total = 0;
  constructor(readonly running: RunningNamespace, readonly productId: string, readonly unitCost: string) {}

  /** Takes `count` new codes in and puts them on sale; codes per second. */
  async run(count: number): Promise<number> {
    const { rpc } = this.running;
    const { startImport, importCodes, completeImport, getImport } = InventoryService.method;
    const from = performance.now();
    const { importId } = await rpc.call(startImport, { productId: this.productId, unitCost: this.unitCost }, everything());
    await rpc.upload(importCodes, chunks(importId, this.total, count), everything());
    while ((await rpc.call(getImport, { importId }, everything())).state === ImportState.PROCESSING) await sleep(5);
    await rpc.call(completeImport, { importId, expectedCodes: BigInt(count) }, everything());
    this.total += count;
    return count / ((performance.now() - from) / 1000);
  }
}

async function* chunks(importId: string, from: number, count: number) {
  let offset = 0n;
  for (let at = 0; at < count; at += CHUNK_CODES) {
    const lines = Array.from({ length: Math.min(CHUNK_CODES, count - at) }, (_, i) => `BENCH-${String(from + at + i).padStart(10, '0')}-K7\n`);
    const content = Buffer.from(lines.join(''));
    yield { importId, offset, content, last: at + CHUNK_CODES >= count };
    offset += BigInt(content.length);
  }
}
