import { instant } from '@vouchsafe/kernel';
import { eventCodec } from './event-codec.js';
import { amount, big, bool, dict, int, list, millis, oneOf, optional, record, type Shape, ShapeError, tagged, text, time } from './shape.js';

const line = record({ id: text(), units: int, price: amount, note: optional(text()) });
const order = record({
  number: text(), state: oneOf('open', 'closed'), whole: bool, total: big, at: millis, due: time, lines: list(line), words: dict(int),
});
const value = {
  number: 'A-1', state: 'open' as const, whole: true, total: -12345678901234567890n, at: instant(1_000), due: instant(2_000),
  lines: [{ id: '1', units: 2, price: { minor: 995n, currency: 'CNY' }, note: '礼' }, { id: '2', units: 1, price: { minor: 0n, currency: 'CNY' } }], words: { a: 1 },
};

/** Where reading `json` fails, and what was expected there. */
const trouble = (shape: Pick<Shape<unknown>, 'read'>, json: unknown, path = ''): string => {
  try {
    shape.read(json, path);
  } catch (error) {
    if (error instanceof ShapeError) return error.message;
    throw error;
  }
  return 'none';
};

describe('a shape', () => {
  it('reads back what it wrote, through text', () => {
    expect(order.read(JSON.parse(JSON.stringify(order.write(value))), '')).toEqual(value);
  });

  it('names the place that is wrong, at any depth, and what was expected there', () => {
    const json = order.write(value) as Record<string, unknown>;
    const [first, second] = json['lines'] as Record<string, unknown>[];
    const wrong = { ...json, lines: [first, { ...second, price: { minor: '1.5', currency: 'CNY' } }] };
    expect(trouble(order, wrong)).toBe('lines[1].price.minor: expected a decimal string');
    expect(trouble(order, wrong, 'result')).toBe('result.lines[1].price.minor: expected a decimal string');
    expect(trouble(order, { ...json, lines: [first, null] })).toBe('lines[1]: expected an object');
    expect(trouble(order, { ...json, lines: 'none' })).toBe('lines: expected a list');
    expect(trouble(order, { ...json, words: { b: 'x' } })).toBe('words.b: expected a whole number');
    expect(trouble(order, { ...json, number: undefined })).toBe('number: expected a string');
    expect(trouble(order, [])).toBe('.: expected an object');
    expect(trouble(list(int), [1, 2.5], 'list')).toBe('list[1]: expected a whole number');
  });

  it('leaves out what is optional and absent, and refuses to write what is not', () => {
    expect(line.write({ id: '2', units: 1, price: { minor: 0n, currency: 'CNY' }, note: undefined })).toEqual({ id: '2', units: 1, price: { minor: '0', currency: 'CNY' } });
    expect(line.read({ id: '2', units: 1, price: { minor: '0', currency: 'CNY' }, later: 1 }, '')).toEqual({ id: '2', units: 1, price: { minor: 0n, currency: 'CNY' } });
    expect(() => line.write({ id: '2', price: { minor: 0n, currency: 'CNY' } } as never)).toThrow(ShapeError);
  });

  it('tells tagged records apart', () => {
    const either = tagged({ Opened: record({ by: text() }), Closed: record({ at: millis }) });
    expect(either.read(either.write({ type: 'Closed', at: instant(5) }), '')).toEqual({ type: 'Closed', at: 5 });
    expect(trouble(either, { type: 'Opened', by: 1 }, 'event')).toBe('event.by: expected a string');
    expect(trouble(either, { type: 'Lost' }, 'event')).toBe('event.type: expected one of Opened, Closed');
  });
});

describe('an event codec', () => {
  type Event = { readonly type: 'Opened'; readonly by: string } | { readonly type: 'Moved'; readonly to: number };
  const codec = eventCodec<Event>('till', {
    Opened: { version: 2, published: true, shape: record({ by: text() }), upcasts: { 1: (older) => ({ by: (older as { who: string }).who }) } },
    Moved: { version: 1, shape: { write: ({ to }) => [to], read: (json) => ({ to: (json as number[])[0]! }) } },
  });

  it('reads every version it knows, and says which are published', () => {
    expect(codec.encode({ type: 'Opened', by: 'a' })).toEqual({ type: 'till.Opened.v2', data: { by: 'a' } });
    expect(codec.decode('till.Opened.v2', { by: 'a' })).toEqual({ type: 'Opened', by: 'a' });
    expect(codec.decode('till.Opened.v1', { who: 'b' })).toEqual({ type: 'Opened', by: 'b' });
    expect(codec.decode('till.Moved.v1', [3])).toEqual({ type: 'Moved', to: 3 });
    expect(codec.decode('till.Gone.v1', {})).toBeUndefined();
    expect([codec.isPublished('till.Opened.v1'), codec.isPublished('till.Moved.v1')]).toEqual([true, false]);
  });
});
