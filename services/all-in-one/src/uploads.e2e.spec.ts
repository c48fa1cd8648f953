import { type IncomingMessage, request as httpRequest } from 'node:http';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { FileEncoding, type Import, ImportState } from '@vouchsafe/proto/inventory/v1/imports';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import { type Order, OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import { seededRandom, systemClock } from '@vouchsafe/runtime';
import { codesOf, Premises } from './door/testing/premises.js';

const VIDEO = 'prd_video-month';
const { getImport, completeImport, abortImport, listRefusedLines, getStock } = InventoryService.method;
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
/** How much the one line has: 1 GB in the long run. */
const LINE_MIB = process.env.VOUCHSAFE_LONG === '1' ? 1_024 : 300;
const RUNS = process.env.VOUCHSAFE_LONG === '1' ? 8 : 2;

describe('an upload', () => {
  let premises: Premises;
  let n = 0;
  beforeAll(async () => {
    premises = await Premises.open();
    await premises.furnish();
  }, 20_000);
  afterAll(() => premises.close());

  const begin = (): Promise<string> => premises.beginImport(VIDEO, 'sup_video');
  const state = (importId: string): Promise<Import> => premises.wire.get(getImport, { importId }, premises.as('admin'));
  const finish = async (importId: string): Promise<Import> => {
    const read = await premises.importIn(importId, ImportState.READY);
    if (read.state !== ImportState.READY) return read;
    await premises.wire.get(completeImport, { importId }, premises.as('admin'));
    return premises.importIn(importId, ImportState.COMPLETED);
  };
  const free = async (): Promise<number> => Number((await premises.wire.get(getStock, { productId: VIDEO }, premises.as('admin'))).free);
  /** Sells everything there is and reads it. */
  const sellOut = async (): Promise<readonly string[]> => {
    const codes: string[] = [];
    for (let left = await free(); left > 0; left = await free()) {
      // For a moment after the last one was sold the door says so without asking.
      const wanted = { number: `U-${++n}`, lines: [{ productId: VIDEO, quantity: Math.min(left, 200) }], waitMs: 5_000 };
      const told = await premises.until(() => premises.wire.ask(OrderService.method.placeOrder, [wanted], premises.as('chn_corp')), ({ code }) => code !== 'SOLD_OUT_FOR_NOW');
      const order = told.answers[0] as Order;
      expect([told.code, order.state]).toEqual(['', OrderState.COMPLETED]);
      codes.push(...(await premises.disclose('chn_corp', order.orderId)).map(({ code }) => code));
    }
    return codes;
  };
  const refusedLines = async (importId: string): Promise<readonly string[]> =>
    (await premises.wire.get(listRefusedLines, { importId, pageSize: 500 }, premises.as('admin'))).lines.map(({ line, reason }) => `${line} ${reason}`);
  const spooled = (): readonly string[] => readdirSync(path.join(premises.data, 'sandbox', 'spool'));

  it.each(Array.from({ length: RUNS }, (_, seed) => seed))('broken off at any byte, with a restart each time, gives exactly the codes of the file (seed %i)', async (seed) => {
    const random = seededRandom(seed + 1);
    const codes = codesOf(`CUT${seed}`, 600);
    const content = Buffer.from(`\ufeffcode\r\n${codes.join('\r\n')}\r\n`);
    const importId = await begin();
    for (let cuts = 0; cuts < 4; cuts++) {
      const offset = Number((await state(importId)).nextOffset);
      const end = offset + 1 + Math.floor(random.fraction() * (content.length - offset - 1));
      expect((await premises.upload(importId, content.subarray(offset, end), { offset, last: false })).code).toBe('');
      await premises.restart();
      expect(Number((await state(importId)).nextOffset)).toBe(end);
      // What was sent before is not taken twice, nor with a gap.
      expect((await premises.upload(importId, content.subarray(0, 10), { offset: 0, last: false })).code).toBe('OFFSET_WRONG');
      expect((await premises.upload(importId, content.subarray(0, 10), { offset: end + 1, last: true })).details).toMatchObject({ next_offset: String(end) });
    }
    const offset = Number((await state(importId)).nextOffset);
    expect((await premises.upload(importId, content.subarray(offset), { offset })).code).toBe('');
    await premises.restart(); // while they are sealed
    expect(await finish(importId)).toMatchObject({ state: ImportState.COMPLETED, accepted: 600n, refused: 0n });
    expect([...(await sellOut())].sort()).toEqual([...codes].sort());
    expect(spooled()).toEqual([]);
  }, 60_000);

  it('whose connection breaks keeps what came, and goes on there', async () => {
    const content = Buffer.from(codesOf('WIRE', 400).join('\n'));
    const importId = await begin();
    const { hostname, port } = new URL(premises.platform.http);
    await new Promise<void>((resolve) => {
      const sending = httpRequest({ hostname, port, method: 'PUT', path: `/v1/imports/${importId}/content?offset=0&last=true`, headers: { ...premises.as('admin'), 'content-length': content.length } });
      sending.on('error', () => resolve()).on('close', () => resolve());
      sending.write(content.subarray(0, content.length / 2), () => setTimeout(() => sending.destroy(), 100));
    });
    const { nextOffset, state: now } = await premises.until(() => state(importId), (one) => one.state === ImportState.RECEIVING);
    expect(now).toBe(ImportState.RECEIVING);
    const offset = Number(nextOffset);
    expect(offset).toBeLessThanOrEqual(content.length / 2);
    expect((await premises.upload(importId, content.subarray(offset), { offset })).code).toBe('');
    expect(await finish(importId)).toMatchObject({ accepted: 400n, refused: 0n });
    expect(new Set(await sellOut()).size).toBe(400);
  }, 60_000);

  it('that was aborted sells nothing and stands in nobody’s way: the corrected file is taken whole', async () => {
    const codes = codesOf('FIX', 50);
    const wrong = await begin();
    await premises.upload(wrong, Buffer.from([...codes.slice(0, 40), 'x', ''].join('\n')));
    await premises.importIn(wrong, ImportState.READY);
    expect(await refusedLines(wrong)).toEqual(['41 CODE_TOO_SHORT']);
    await premises.wire.get(abortImport, { importId: wrong, reason: 'line 41' }, premises.as('admin'));
    expect(await free()).toBe(0);
    expect((await premises.wire.ask(completeImport, [{ importId: wrong }], premises.as('admin'))).code).toBe('IMPORT_ABORTED');
    expect((await premises.upload(wrong, Buffer.from('MORE-1'), { offset: 0 })).code).toBe('IMPORT_ABORTED');
    const right = await begin();
    await premises.upload(right, Buffer.from(codes.join('\n')));
    expect(await finish(right)).toMatchObject({ accepted: 50n, refused: 0n });
    const again = await begin();
    await premises.upload(again, Buffer.from(codes.slice(0, 3).join('\n')));
    const read = await premises.importIn(again, ImportState.READY);
    expect([read.accepted, await refusedLines(again)]).toEqual([0n, ['1 DUPLICATE', '2 DUPLICATE', '3 DUPLICATE']]);
    expect([...(await sellOut())].sort()).toEqual([...codes].sort());
  }, 30_000);

  it('with NULs and broken encoding loses those lines alone, told by number and reason', async () => {
    const importId = await premises.beginImport(VIDEO, 'sup_video', { encoding: FileEncoding.UTF8 });
    const latin = Buffer.from([0x43, 0x4f, 0x44, 0xe9, 0x45, 0x0a]);
    await premises.upload(importId, Buffer.concat([Buffer.from('code\nNUL-GOOD-1\nNUL\u0000BAD-1\n'), Buffer.from([0xff, 0xfe, 0xfd, 0x0a]), latin, Buffer.from('NUL-GOOD-2\n\u0007BELL-1\n')]));
    const done = await finish(importId);
    expect([done.state, done.accepted, done.refused]).toEqual([ImportState.COMPLETED, 2n, 4n]);
    expect(await refusedLines(importId)).toEqual(['3 CONTROL_CHARACTER', '4 BROKEN_ENCODING', '5 BROKEN_ENCODING', '7 CONTROL_CHARACTER']);
    expect(await sellOut()).toEqual(['NUL-GOOD-1', 'NUL-GOOD-2']);
  });

  it.each([['a picture', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]), 'FILE_NOT_TEXT'], ['a spreadsheet', Buffer.from('PK\u0003\u0004xxxxxxx'), 'FILE_NOT_TEXT']])('that is %s gives no codes, and the import says why', async (_what, content, why) => {
    const importId = await begin();
    await premises.upload(importId, content);
    const ended = await premises.until(() => state(importId), (one) => one.reason !== '' || one.state === ImportState.READY); // the reason follows
    expect([ended.state, ended.reason]).toEqual([ImportState.ABORTED, why]);
    expect(await free()).toBe(0);
  });

  it('of nothing cannot be completed', async () => {
    const importId = await begin();
    await premises.upload(importId, Buffer.alloc(0));
    await premises.importIn(importId, ImportState.READY);
    expect((await premises.wire.ask(completeImport, [{ importId }], premises.as('admin'))).code).toBe('IMPORT_EMPTY');
  });

  /** Sends a line of that many MiB between two codes, as fast as it is taken; the most bytes held in buffers meanwhile. */
  const sendLine = (importId: string): Promise<number> => {
    const piece = Buffer.alloc(1 << 20, 0x41);
    const { hostname, port } = new URL(premises.platform.http);
    let [sent, most] = [0, 0];
    return new Promise((resolve, reject) => {
      const answered = (response: IncomingMessage): void => void response.resume().on('end', () => (response.statusCode === 200 ? resolve(most) : reject(new Error(String(response.statusCode)))));
      const sending = httpRequest({ hostname, port, method: 'PUT', path: `/v1/imports/${importId}/content?offset=0&last=true`, headers: { ...premises.as('admin'), 'transfer-encoding': 'chunked' } }, answered);
      const goOn = (): void => {
        while (sent++ < LINE_MIB) {
          if (sent % 25 === 0) {
            collectGarbage();
            most = Math.max(most, process.memoryUsage().arrayBuffers);
          }
          if (!sending.write(piece)) return void sending.once('drain', goOn);
        }
        sending.end('\nGIGA-2\n');
      };
      sending.on('error', reject).write('GIGA-1\n', goOn);
    });
  };

  it(`of one line of ${LINE_MIB} MiB is refused by its number, and its neighbours are taken, in bounded memory`, async () => {
    const importId = await begin();
    const before = process.memoryUsage().arrayBuffers;
    expect((await sendLine(importId)) - before).toBeLessThan(128 << 20);
    for (let done = await state(importId); done.state === ImportState.PROCESSING; done = await state(importId)) await systemClock().sleep(50);
    expect([(await finish(importId)).accepted, await refusedLines(importId)]).toEqual([2n, ['2 LINE_TOO_LONG']]);
    expect([...(await sellOut())].sort()).toEqual(['GIGA-1', 'GIGA-2']);
  }, 180_000);
});
