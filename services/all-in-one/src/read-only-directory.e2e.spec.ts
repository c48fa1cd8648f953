import { createHash } from 'node:crypto';
import { chmodSync, chownSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openReadOnly } from '@vouchsafe/event-store';
import { OrderState } from '@vouchsafe/proto/order/v1/order';
import { nodeDisk, silentLog, systemClock } from '@vouchsafe/runtime';
import { codesOf, Premises } from './door/testing/premises.js';

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

/** Runs `work` as somebody whom rights on files bind: root writes where it may not. */
const bound = async <T>(work: () => Promise<T>): Promise<T> => {
  if (!isRoot) return work();
  process.seteuid?.(NOBODY);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
};
const entries = (folder: string) => readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => ({ file: path.join(entry.parentPath, entry.name), isFile: entry.isFile() }));
const hashOf = (folder: string): string => {
  const hash = createHash('sha256');
  for (const { file, isFile } of entries(folder).sort((a, b) => (a.file < b.file ? -1 : 1))) hash.update(file).update(isFile ? readFileSync(file) : '');
  return hash.digest('hex');
};

describe('a directory that may not be written', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-read-only-'));
  let premises: Premises;
  const rights = (folders: number, files: number): void => {
    for (const { file, isFile } of [{ file: folder, isFile: false }, ...entries(folder)]) {
      chmodSync(file, isFile ? files : folders);
      if (isRoot) chownSync(file, NOBODY, NOBODY);
    }
  };
  beforeAll(async () => {
    premises = await Premises.open({ folder });
    await premises.furnish();
    await premises.stock('prd_video-month', 'sup_video', codesOf('RO', 20));
    await premises.order('chn_corp', { number: 'RO-1', lines: [{ productId: 'prd_video-month', quantity: 2 }], waitMs: 5_000 });
    await premises.stop();
    rights(0o500, 0o400);
  }, 30_000);
  afterAll(async () => {
    await premises.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is refused at the start with a reason that names it, and not a byte of it is changed', async () => {
    const before = hashOf(folder);
    const refusal = await bound(() => premises.start().then(() => 'started', (error: Error & { code?: string }) => `${error.code} ${error.message}`));
    expect(refusal).toMatch(/DIRECTORY_NOT_WRITABLE|EACCES|EROFS/);
    expect(refusal).toContain(folder);
    expect(hashOf(folder)).toBe(before);
  });

  it('can be read: its log opens for reading only', async () => {
    const count = await bound(async () => {
      const store = await openReadOnly({ disk: nodeDisk(path.join(premises.data, 'sandbox')), clock: systemClock(), log: silentLog });
      const { events } = await store.readAll({ after: -1 as never, max: 1_000 });
      await store.close();
      return events.length;
    });
    expect(count).toBeGreaterThan(20);
  });

  it('goes on where it was once it may be written again', async () => {
    rights(0o700, 0o600);
    await premises.start();
    const order = await premises.order('chn_corp', { number: 'RO-1', lines: [{ productId: 'prd_video-month', quantity: 2 }], waitMs: 5_000 });
    expect(order.state).toBe(OrderState.COMPLETED);
    expect(await premises.disclose('chn_corp', order.orderId)).toHaveLength(2);
  }, 20_000);
});
