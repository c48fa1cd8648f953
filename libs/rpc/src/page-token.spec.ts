import { create, fromBinary, fromJson, toBinary } from '@bufbuild/protobuf';
import { ListPaymentsRequestSchema } from '@vouchsafe/proto/order/v1/payment';
import { ListOrdersRequestSchema } from '@vouchsafe/proto/order/v1/order';
import fc from 'fast-check';
import { copyMessage, isRpcFailure, pageScope, printPageToken, readPageToken } from './index.js';

const place = fc.tuple(fc.nat({ max: Number.MAX_SAFE_INTEGER }), fc.string({ unit: 'binary' }));
const read = (scope: string, token: string): readonly [number, string] | 'first page' | 'refused' => {
  try {
    return readPageToken(scope, token, 'number', 'text') ?? 'first page';
  } catch (error) {
    if (isRpcFailure(error) && error.kind === 'invalid' && error.code === 'PAGE_TOKEN_INVALID' && error.more.fields?.[0]?.pointer === '/pageToken') return 'refused';
    throw error; // anything else is a bug, and fails the test
  }
};

describe('a page token', () => {
  it('is read under the scope it was printed for, and under no other', () => {
    fc.assert(fc.property(place, fc.string(), fc.string(), (at, scope, other) => {
      expect(read(scope, printPageToken(scope, at))).toEqual(at);
      fc.pre(scope !== other);
      expect(read(other, printPageToken(scope, at))).toBe('refused');
    }));
  });
  it('that is made up is refused, whatever it is', () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary', minLength: 1 }), fc.base64String({ minLength: 1 }), fc.json().map((text) => `AAAAAAAA${Buffer.from(text).toString('base64url')}`)), (token) => {
      expect(read('orders', token)).toBe('refused');
    }));
    expect(read('orders', '')).toBe('first page');
  });
  it('that was mutated is refused, and none has a second spelling', () => {
    fc.assert(fc.property(place, fc.nat(), fc.constantFrom('A', 'b', '9', '-', '_', '=', '+', '/', ' ', ''), (at, where, letter) => {
      const token = printPageToken('orders', at);
      const i = where % (token.length + 1);
      for (const mutated of [`${token.slice(0, i)}${letter}${token.slice(i + 1)}`, `${token.slice(0, i)}${letter}${token.slice(i)}`, token.slice(0, i)]) {
        if (mutated !== token && mutated !== '') expect(read('orders', mutated)).toBe('refused');
      }
    }));
  });
  it('whose place has not the parts that its list’s places have is refused, also where its tag is right', () => {
    for (const at of [[], [1], ['a', 'b'], [1, 2], [1, 'a', 2], [-1, 'a'], [0.5, 'a'], [2 ** 53, 'a']]) expect([at, read('orders', printPageToken('orders', at))]).toEqual([at, 'refused']);
  });
});

describe('what a page token is bound to', () => {
  const asked = { channelId: 'chn_b', filter: 'state = PAID', orderBy: 'created_at' };
  const ofOrders = (over: object, channelId?: string) => pageScope(create(ListOrdersRequestSchema, { ...asked, ...over }), channelId === undefined ? {} : { channelId });
  const scope = ofOrders({});

  it('is the same for every page, of whatever size and however the request came to be', () => {
    expect(ofOrders({ pageSize: 7, pageToken: 'x' })).toBe(scope);
    const message = create(ListOrdersRequestSchema, asked);
    const ways = [
      fromBinary(ListOrdersRequestSchema, toBinary(ListOrdersRequestSchema, message)), fromJson(ListOrdersRequestSchema, { order_by: asked.orderBy, filter: asked.filter, channelId: asked.channelId }),
      copyMessage(ListOrdersRequestSchema, message), { ...message, $unknown: [] },
    ];
    expect(ways.map((request) => pageScope(request, {}))).toEqual(ways.map(() => scope));
  });
  it('differs with the list, its parent, the filter, the order and the channel that asks', () => {
    const others = [pageScope(create(ListPaymentsRequestSchema, asked), {}), ofOrders({ channelId: 'chn_c' }), ofOrders({ filter: '' }), ofOrders({ orderBy: 'created_at desc' }), ofOrders({}, 'chn_b'), ofOrders({}, 'chn_c')];
    expect(new Set([scope, ...others]).size).toBe(others.length + 1);
  });
});
