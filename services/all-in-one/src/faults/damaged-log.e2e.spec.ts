import { closeSync, fsyncSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { RecordedEvent } from '@vouchsafe/event-store';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import { LedgerService } from '@vouchsafe/proto/ledger/v1/ledger';
import { OrderState } from '@vouchsafe/proto/order/v1/order';
import { codesOf, Premises } from '../door/testing/premises.js';
import { overheardLog } from '../testing/overheard-log.js';

const VIDEO = 'prd_video-month';
const ORDERS = 6;
const STOCK = 40;
const EVENT_MAX_BYTES = 65_536;

/** The bytes of the log's first segment, changed in place; the next one is allocated and empty. */
class Segment {
  readonly file: string;
  constructor(folder: string) {
    this.file = path.join(folder, '0000000000000000.seg');
  }
  read(at: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    this.#open((fd) => readSync(fd, bytes, 0, length, at));
    return bytes;
  }
  write(at: number, bytes: Uint8Array): void {
    this.#open((fd) => {
      writeSync(fd, bytes, 0, bytes.length, at);
      fsyncSync(fd);
    });
  }
  /** Behind what is written: the last event lies at `from`, and nothing but zeros behind it. */
  endOf(from: number): number {
    return from + this.read(from, EVENT_MAX_BYTES).findLastIndex((byte) => byte !== 0) + 1;
  }
  flip(at: number): void {
    const bytes = this.read(at, 1);
    bytes[0]! ^= 0x10;
    this.write(at, bytes);
  }
  #open(work: (fd: number) => void): void {
    const fd = openSync(this.file, 'r+');
    try {
      work(fd);
    } finally {
      closeSync(fd);
    }
  }
}

describe('a platform whose log was changed behind its back', () => {
  const overheard = overheardLog();
  let premises: Premises;
  let segment: Segment;
  let events: readonly RecordedEvent[];

  beforeAll(async () => {
    premises = await Premises.open({ log: overheard.log });
    await premises.furnish();
    await premises.stock(VIDEO, 'sup_video', codesOf('DMG', STOCK));
    for (let i = 0; i < ORDERS; i++) expect((await buy(`DMG-${i}`)).state).toBe(OrderState.COMPLETED);
    events = await premises.events();
    await premises.stop();
    segment = new Segment(path.join(premises.data, 'sandbox', 'log'));
  }, 60_000);
  afterAll(() => premises.close());
  beforeEach(() => { overheard.lines.length = 0; });

  const buy = (number: string) => premises.order('chn_corp', { number, lines: [{ productId: VIDEO, quantity: 1 }], waitMs: 5_000 });
  const refusal = () => premises.start().then(() => 'started', (error: Error & { code?: string }) => `${error.code} ${error.message}`);
  /** Everything that was answered is there: the same numbers are the same orders, nothing is sold again, the books balance. */
  const expectWhole = async (): Promise<void> => {
    const now = (await premises.events()).slice(0, events.length);
    expect(now.map(({ id, stream, revision }) => [id, stream, revision])).toEqual(events.map(({ id, stream, revision }) => [id, stream, revision]));
    for (let i = 0; i < ORDERS; i++) expect((await buy(`DMG-${i}`)).state).toBe(OrderState.COMPLETED);
    const { free, sold } = await premises.wire.get(InventoryService.method.getStock, { productId: VIDEO }, premises.as('admin'));
    expect([free, sold]).toEqual([BigInt(STOCK - ORDERS), BigInt(ORDERS)]);
    const { totals } = await premises.wire.get(LedgerService.method.getTrialBalance, { bookId: 'bok_main' }, premises.as('admin'));
    for (const { balance } of totals) expect(balance?.minor).toBe(0n);
  };

  it('does not start on a flipped bit: told are the file, the byte, the position and what to do, and nothing is changed', async () => {
    const places = [0.03, 0.2, 0.5, 0.8, 0.97].map((share) => events[Math.floor(share * events.length)]!.position as number);
    for (const [i, position] of places.entries()) {
      const at = position + 30;
      segment.flip(at);
      const before = readFileSync(segment.file);
      const told = await refusal();
      expect(told).toMatch(/^LOG_DAMAGED .+: log\/0{16}\.seg at byte \d+ \(position \d+\): .+; nothing was changed; restore from a backup or another copy$/);
      expect(told).toContain(`LOG_DAMAGED ${path.join(premises.data, 'sandbox')}: log/`);
      const named = Number(/at byte (\d+)/.exec(told)![1]);
      expect([named <= at, named > (places[i - 1] ?? 0)]).toEqual([true, true]); // where the sound frame before it ends
      expect(readFileSync(segment.file).equals(before)).toBe(true);
      segment.flip(at);
    }
    await premises.start();
    await expectWhole();
    await premises.stop();
  }, 60_000);

  it('goes on behind a torn tail, says what it cut off, and has lost nothing that was answered', async () => {
    await premises.start();
    const last = (await premises.events()).at(-1)!.position as number;
    await premises.stop();
    const sound = segment.endOf(last);
    // Half of a frame, as a power cut in the middle of a write leaves it: it was never answered.
    segment.write(sound, segment.read(sound - 900, 600));
    overheard.lines.length = 0;
    await premises.start();
    const told = overheard.lines.find(({ message }) => message.includes('unfinished append'));
    expect(told).toMatchObject({ level: 'warn', message: expect.stringContaining('never acknowledged'), fields: { tailCut: [{ file: 'log/0000000000000000.seg', from: expect.any(Number) }] } });
    const [cut] = (told!.fields as { readonly tailCut: readonly { readonly from: number; readonly to: number }[] }).tailCut;
    expect([cut!.from >= sound - 8, cut!.from <= sound + 8]).toEqual([true, true]);
    await expectWhole();
    await premises.stop();
    overheard.lines.length = 0;
    await premises.start();
    expect(overheard.lines.filter(({ message }) => message.includes('unfinished append'))).toEqual([]);
    await premises.stop();
  }, 60_000);

  it('tells the loss of what was answered from a torn tail: it does not start, for the head beside the log knows better', async () => {
    await premises.start();
    expect((await buy('DMG-last')).state).toBe(OrderState.COMPLETED);
    const now = await premises.events();
    const first = now.find(({ stream, type, data }) => stream.startsWith('order-') && type.startsWith('order.OrderPlaced') && JSON.stringify(data).includes('DMG-last'))!;
    await premises.stop();
    const from = (first.position as number) - 200;
    const kept = segment.read(from, segment.endOf(now.at(-1)!.position) - from);
    segment.write(from, Buffer.alloc(kept.length));
    expect(await refusal()).toMatch(/^LOG_DAMAGED .+: log\/0{16}\.seg at byte \d+ .*events that were acknowledged are missing: the log was durable up to position \d+/);
    segment.write(from, kept);
    await premises.start();
    expect((await buy('DMG-last')).state).toBe(OrderState.COMPLETED);
  }, 60_000);
});
