import type { Instant } from '@vouchsafe/kernel';
import { type CanonicalFields, canonicalBytes, leafHash, readCanonical } from './canonical.js';

const event: CanonicalFields = {
  id: '6f3c1f6e-8a0b-5c55-b7d9-4d2f0c9a7e11',
  stream: 'pool-prd_1_0',
  revision: 7,
  type: 'inventory.VouchersReserved.v1',
  recordedAt: 1_764_000_000_123 as Instant,
  occurredAt: -1 as Instant,
  epoch: 3,
  correlation: 'ord_1',
  causation: 'cmd-1',
  principal: 'pri_凭',
  trace: '00-aa-bb-01',
  pub: 2,
  dataText: '{"quantity":2}',
};
const bare: CanonicalFields = { ...event, trace: undefined, pub: undefined, causation: '', dataText: 'null' };

describe('the canonical bytes of an event', () => {
  // Frozen: these bytes lie in logs and under signed roots. A change here is a new version, never an edit.
  it('are these, for ever', () => {
    expect(canonicalBytes(event).toString('hex')).toBe(GOLDEN);
    expect(leafHash(canonicalBytes(event)).toString('hex')).toBe(GOLDEN_LEAF);
    expect(canonicalBytes(bare).toString('hex')).toBe(GOLDEN_BARE);
  });

  it('give back the fields', () => {
    expect(readCanonical(canonicalBytes(event))).toEqual(event);
    expect(readCanonical(canonicalBytes(bare))).toEqual(bare);
    expect('trace' in readCanonical(canonicalBytes(bare))).toBe(false);
  });

  it('tell an empty trace from none, and two texts from one', () => {
    const differ = (fields: Partial<CanonicalFields>): boolean =>
      !canonicalBytes({ ...event, ...fields }).equals(canonicalBytes(event));
    expect(canonicalBytes({ ...bare, trace: '' }).equals(canonicalBytes(bare))).toBe(false);
    expect(differ({ correlation: 'ord_1c', causation: 'md-1' })).toBe(true);
    expect(differ({ pub: undefined })).toBe(true);
  });

  it('hold every instant there is', () => {
    for (const at of [-62_135_596_800_000, 0, 253_402_300_799_999]) {
      expect(
        readCanonical(canonicalBytes({ ...event, occurredAt: at as Instant, recordedAt: at as Instant })),
      ).toMatchObject({ occurredAt: at, recordedAt: at });
    }
  });

  it.each([
    ['an id in capitals', { id: event.id.toUpperCase() }],
    ['an id without dashes', { id: event.id.replaceAll('-', '0') }],
    ['an id too long', { id: `${event.id}0` }],
    ['half a character', { stream: 'pool-\ud83c' }],
    ['a text too long', { principal: 'x'.repeat(65_536) }],
    ['pub 0', { pub: 0 }],
    ['a broken revision', { revision: 0.5 }],
    ['a revision beyond u32', { revision: 2 ** 32 }],
    ['no stream', { stream: '' }],
  ])('refuse %s', (_, fields: Partial<CanonicalFields>) => {
    expect(() => canonicalBytes({ ...event, ...fields })).toThrow();
  });

  it('of a version that is not known are refused, not guessed at', () => {
    const bytes = canonicalBytes(event);
    bytes[0] = 2;
    expect(() => readCanonical(bytes)).toThrow(expect.objectContaining({ code: 'EVENT_TOO_NEW' }));
    expect(() => readCanonical(Buffer.concat([canonicalBytes(event), Buffer.of(0)]))).toThrow('end with the data');
  });
});

const GOLDEN =
  '01036f3c1f6e8a0b5c55b7d94d2f0c9a7e110000000700000002000000030000019ab697e87bffffffffffffffff000c' +
  '706f6f6c2d7072645f315f30001d696e76656e746f72792e566f75636865727352657365727665642e763100056f7264' +
  '5f310005636d642d3100077072695fe587ad000b30302d61612d62622d30310000000e7b227175616e74697479223a32' +
  '7d';
const GOLDEN_LEAF = '5ed2015148a5d1c054986e4e0ad42f5391d7538c398c4eed8fd13434d0434116';
const GOLDEN_BARE =
  '01006f3c1f6e8a0b5c55b7d94d2f0c9a7e110000000700000000000000030000019ab697e87bffffffffffffffff000c' +
  '706f6f6c2d7072645f315f30001d696e76656e746f72792e566f75636865727352657365727665642e763100056f7264' +
  '5f31000000077072695fe587ad0000000000046e756c6c';
