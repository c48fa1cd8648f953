import * as fc from 'fast-check';
import type { Instant } from '@vouchsafe/kernel';
import type { Json } from '@vouchsafe/codec';
import { canonicalBytes, leafHash } from '../canonical.js';
import { type NewEvent, type Position, START } from '../port.js';
import { anEvent } from '../testing/builders.js';
import { getRecord, isSoundRecord } from './record.js';
import { RecordWriter } from './record-writer.js';

const ORDER = 'ord_6f3c1f6e-8a0b-5c55-b7d9-4d2f0c9a7e11';
const recording = { recordedAt: 1_764_000_000_123 as Instant, epoch: 3 };

const writer = new RecordWriter();
const recordOf = (event: NewEvent, stream: string, previous: Position = START): Buffer => {
  writer.lay(stream, [event]);
  writer.number(7, previous, 64 as Position, recording);
  const bytes = Buffer.alloc(writer.bytes);
  writer.copyTo(bytes, 0);
  return bytes;
};
const factsOf = (event: NewEvent, stream: string) => {
  const { id, type, data, occurredAt, correlation, causation, principal, trace, pub } = event;
  return { id, type, data, occurredAt, correlation, causation, principal, trace, pub, stream, revision: 7, ...recording };
};

/** Texts that share parts, as an order's do, and some that are odd. */
const text = fc.oneof(
  fc.constantFrom('', ORDER, `${ORDER}/reserve1`, `order-${ORDER}`, `grant-${ORDER}_1_0`, 'pool-prd_x_0', '-', '礼', `礼-礼${ORDER}`, '\u0001', 'principal\u0001', '1760000000000', `${ORDER}\u0003`, 'a"b\\c'),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
).filter((value) => value.isWellFormed());
const json = fc.oneof(
  fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as Json),
  text.map((value) => ({ orderId: value, inside: `x${ORDER}y`, [`${ORDER}`]: [ORDER, '\u0001', 1, 'principal', 1_760_000_000_000] })),
);
const event = fc.record({
  id: fc.constant(anEvent('x').id), type: text.filter((value) => value !== ''), data: json, occurredAt: fc.oneof(fc.integer(), fc.constant(1_760_000_000_000)).map((at) => at as Instant),
  correlation: text, causation: text, principal: text, trace: fc.option(text, { nil: undefined }), pub: fc.option(fc.integer({ min: 1, max: 1000 }), { nil: undefined }),
});

describe('a record', () => {
  it('gives back every event as it was appended, and its canonical bytes', () => {
    fc.assert(
      fc.property(event, text.filter((value) => value !== ''), (appended, stream) => {
        const bytes = recordOf(appended, stream, 1_099_511_627_776 as Position);
        const read = getRecord(bytes, 0, 64 as Position);
        const { position, ...facts } = JSON.parse(JSON.stringify(read)) as Record<string, unknown>;
        expect(facts).toEqual(JSON.parse(JSON.stringify(factsOf(appended, stream))));
        expect([position, read.previous, read.recordBytes, isSoundRecord(bytes, 0)]).toEqual([64, 1_099_511_627_776, bytes.length, true]);
        const canonical = canonicalBytes({ ...factsOf(appended, stream), dataText: JSON.stringify(appended.data) });
        expect(read.canonical).toEqual(canonical);
        expect(read.leaf).toEqual(leafHash(canonical));
      }),
      { numRuns: 2_000 },
    );
  });

  it('names the matter once, however often it occurs', () => {
    const long = anEvent('long', { correlation: ORDER, causation: `${ORDER}/activate1/0`, data: { orderId: ORDER, lineId: '1' } });
    const bytes = recordOf(long, `grant-${ORDER}_1_0`);
    expect(bytes.toString('latin1').split(ORDER).length - 1).toBe(1);
    expect(bytes.length).toBe(68 + `grant-${ORDER}_1_0`.length + long.type.length + '/activate1/0'.length + long.principal.length + '{"orderId":"_","lineId":"1"}'.length);
  });

  it('names who acts and when it occurred once, too', () => {
    const { principal, occurredAt } = anEvent('x');
    const event = anEvent('owned', { principal: `${principal}_of_somebody`, data: { owner: `${principal}_of_somebody`, at: occurredAt, placedAt: occurredAt } });
    const bytes = recordOf(event, 'order-1');
    expect(bytes.toString('latin1').split(event.principal).length - 1).toBe(1);
    expect(bytes.toString('latin1')).not.toContain(String(occurredAt));
    expect(getRecord(bytes, 0, 64 as Position).data).toEqual(event.data);
  });

  it('with one bit changed is not sound', () => {
    const bytes = recordOf(anEvent('whole', { pub: 3, trace: '00-a-b-01' }), 'pool-1');
    for (let bit = 8 * 4; bit < bytes.length * 8; bit++) {
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      expect(isSoundRecord(bytes, 0)).toBe(false);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
    }
    expect(isSoundRecord(bytes, 0)).toBe(true);
  });

  it('of a newer version is refused, not guessed at', () => {
    const bytes = recordOf(anEvent('newer'), 'pool-1');
    bytes[14] = 2;
    expect(() => getRecord(bytes, 0, 64 as Position)).toThrow(expect.objectContaining({ code: 'EVENT_TOO_NEW' }));
  });
});
