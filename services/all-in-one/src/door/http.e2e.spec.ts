import { connect } from 'node:net';
import { create, type DescMethodUnary, type Message, toJson } from '@bufbuild/protobuf';
import { AuditService } from '@vouchsafe/proto/audit/v1/audit';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import { OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import type { FieldError } from '@vouchsafe/rpc';
import { systemClock } from '@vouchsafe/runtime';
import { PUBLIC_SERVICES } from '../public-services.js';
import { Premises } from './testing/premises.js';
import { liveliness } from './testing/street.js';

const clock = systemClock();
const ORDER = { number: 'H-1', lines: [{ productId: 'prd_video-month', quantity: 1 }] };
const lists = PUBLIC_SERVICES.flatMap(({ methods }) => methods).filter((method): method is DescMethodUnary => method.methodKind === 'unary' && method.input.fields.some(({ name }) => name === 'page_token'));

describe('over HTTP', () => {
  let premises: Premises;
  beforeAll(async () => {
    premises = await Premises.open();
    await liveliness(premises);
  }, 20_000);
  afterAll(() => premises.close());

  type Page = Awaited<ReturnType<Premises['http']>>;
  const errorsOf = ({ json }: Page): readonly FieldError[] => (json['errors'] ?? []) as readonly FieldError[];
  /** The one shape of every refusal, in both languages. */
  const expectProblem = (page: Page, status: number, code: string): void => {
    expect([page.status, page.json['code']]).toEqual([status, code]);
    expect(page.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    const { messages, requestId, title, detail } = page.json as { messages: Record<string, { title: string; remedy: string }>; requestId: string; title: string; detail: string };
    expect([messages.zh!.title, messages.zh!.remedy].every((text) => /[一-鿿]/.test(text)) && [messages.en!.title, messages.en!.remedy].every((text) => /[a-z]{3}/.test(text))).toBe(true);
    expect([requestId, title, detail].every((text) => text.length > 0)).toBe(true);
    expect(requestId).toBe(page.headers.get('x-request-id'));
  };
  const post = (body: string | Uint8Array, headers = {}): Promise<Page> => premises.http('POST', '/v1/orders', 'chn_corp', { body, headers });

  it.each<readonly [string, string | Uint8Array]>([
    ['cut off', '{"number":"H-0"'], ['followed by more', '{} {}'], ['with a comma too many', '{"number":"H-0",}'], ['not JSON at all', 'number=H-0&quantity=1'], ['not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])],
    ['of a hundred thousand brackets', '['.repeat(100_000)], ['of fifty thousand nested objects', '{"a":'.repeat(50_000)], ['NaN', '{"number":NaN}'],
  ])('a body that is %s is told to be unreadable, and changes nothing', async (_how, body) => {
    expectProblem(await post(body), 400, 'REQUEST_MALFORMED');
  });

  it('a body of the wrong kind is told so by its pointer', async () => {
    for (const body of ['[]', '"text"', '1', 'null', 'true']) {
      const page = await post(body);
      expect([body, page.status]).toEqual([body, 400]);
      expect(errorsOf(page).length).toBeGreaterThan(0);
    }
    const proto = await post('{"__proto__":{"number":"x"},"constructor":1}');
    expectProblem(proto, 400, 'FIELD_UNKNOWN');
    expect(errorsOf(proto).map(({ pointer }) => pointer).sort()).toEqual(['/__proto__', '/constructor']);
    const both = await post('{"number":"H-0","lines":[{"productId":"prd_video-month","product_id":"prd_coffee","quantity":1}]}');
    expectProblem(both, 400, 'FIELD_CONFLICT');
    expect(errorsOf(both)[0]?.pointer).toBe('/lines/0/product_id');
  });

  it('as many wrong fields as there are, up to twenty, are told at once', async () => {
    const page = await post(JSON.stringify({ lines: Array.from({ length: 30 }, () => ({ productId: 7, quantity: 'many' })) }));
    expect(errorsOf(page)).toHaveLength(20);
  });

  it('a huge body is refused without being read, and the next request goes through', async () => {
    const huge = JSON.stringify({ ...ORDER, memberTier: 'x'.repeat(5 << 20) });
    expectProblem(await post(huge), 413, 'BODY_TOO_LARGE');
    const { hostname, port } = new URL(premises.platform.http);
    const socket = connect(Number(port), hostname);
    const answer = new Promise<string>((resolve) => {
      let text = '';
      socket.on('data', (piece) => { text += String(piece); }).on('close', () => resolve(text)).on('error', () => resolve(text));
    });
    socket.write(`POST /v1/orders HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${premises.keys.get('chn_corp')}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`);
    for (let i = 0; i < 80 && !socket.destroyed; i++) {
      socket.write(`10000\r\n${'x'.repeat(65_536)}\r\n`);
      await clock.sleep(1);
    }
    expect(await answer).toMatch(/^HTTP\/1\.1 413/);
    expect((await premises.http('GET', '/v1/caller', 'chn_corp')).status).toBe(200);
    const told = await premises.wire.send(OrderService.method.placeOrder, [new Uint8Array(5 << 20)], premises.as('chn_corp'));
    expect(told.status).toBe(8);
    expect((await premises.wire.ask(OrderService.method.listOrders, [{}], premises.as('chn_corp'))).ok).toBe(true);
  });

  it('routes, verbs and types that there are not are told so, with what there is', async () => {
    expectProblem(await premises.http('GET', '/v1/nothing', 'admin'), 404, 'ROUTE_UNKNOWN');
    expectProblem(await premises.http('GET', '/v1/orders/%zz', 'admin'), 400, 'REQUEST_MALFORMED');
    const verb = await premises.http('DELETE', '/v1/orders', 'admin');
    expectProblem(verb, 405, 'METHOD_NOT_ALLOWED');
    expect(verb.headers.get('allow')).toMatch(/GET/);
    expectProblem(await premises.http('POST', '/v1/orders', 'chn_corp', { body: '<order/>', headers: { 'content-type': 'application/xml' } }), 415, 'MEDIA_TYPE_UNSUPPORTED');
    expectProblem(await premises.http('GET', '/v1/orders?colour=red', 'chn_corp'), 400, 'FIELD_UNKNOWN');
    expectProblem(await premises.http('GET', '/v1/orders?pageSize=two', 'chn_corp'), 400, 'FIELD_INVALID');
    expectProblem(await premises.http('GET', '/v1/orders?pageSize=1&pageSize=2', 'chn_corp'), 400, 'FIELD_CONFLICT');
    expect((await premises.http('GET', '/v1/orders/ord_x', 'chn_corp', { headers: { 'accept-language': 'en' } })).json['title']).toMatch(/[a-z]{3}/);
    expect((await premises.http('GET', '/v1/orders/ord_x', 'chn_corp', { headers: { 'accept-language': 'zh-CN' } })).json['title']).toMatch(/[一-鿿]/);
  });

  it('nothing of all this placed an order', async () => {
    const { orders } = await premises.wire.get(OrderService.method.listOrders, { pageSize: 500 }, premises.as('chn_corp'));
    expect(orders.filter(({ number }) => number.startsWith('H-'))).toEqual([]);
  });
});

/** Lists that have more than one item in every such street, and what else one may ask of them. */
const LONG: Readonly<Record<string, readonly object[]>> = {
  ListProductGroups: [{ orderBy: 'id desc' }], ListSuppliers: [{ orderBy: 'id desc' }], ListChannels: [{ orderBy: 'id desc' }], ListProducts: [{ orderBy: 'id desc' }, { filter: 'kind = PRODUCT_KIND_CODE' }],
  ListPriceLists: [{ orderBy: 'id desc' }], ListListings: [{ orderBy: 'id desc' }], ListStores: [{ orderBy: 'id desc' }], ListTerminals: [{ orderBy: 'id desc' }],
  ListImports: [{ orderBy: 'started_at' }, { filter: 'state = COMPLETED' }], ListStock: [{ filter: 'held = false' }], ListBatches: [{ orderBy: 'started_at' }, { filter: 'product_id = prd_coffee' }],
  ListOrders: [{ filter: 'state = COMPLETED' }, { orderBy: 'placed_at' }, { channelId: 'chn_corp' }], ListRefunds: [{ orderBy: 'created_at' }, { channelId: 'chn_corp' }],
  ListAccounts: [{ orderBy: 'account_id desc' }, { filter: 'book_id = bok_main' }], ListEntries: [{ orderBy: 'booked_on desc' }, { filter: 'book_id = "bok_main" AND kind = Deposited' }],
  GetTimeline: [{ channelId: 'chn_dist' }], ListPrincipals: [{ orderBy: 'create_time' }, { filter: 'kind = PERSON' }],
};

describe('a list', () => {
  let premises: Premises;
  beforeAll(async () => {
    premises = await Premises.open();
    await liveliness(premises);
    await premises.wire.get(AuditService.method.getIntegrity, {}, premises.as('admin'));
    importId = (await premises.wire.get(InventoryService.method.listImports, {}, premises.as('admin'))).imports[0]!.importId;
  }, 20_000);
  afterAll(() => premises.close());

  const needed: Readonly<Record<string, object>> = {
    ListEntries: { filter: 'book_id = "bok_main"' }, ListHolds: { accountId: 'acc_prepaid.dist.CNY' }, ListPeriods: { bookId: 'bok_main' }, GetTimeline: { channelId: 'chn_corp' },
  };
  let importId = '';
  const page = async (method: DescMethodUnary, more: object) => {
    const told = await premises.wire.ask(method, [{ ...needed[method.name], ...(method.name === 'ListRefusedLines' && { importId }), ...more }], premises.as('admin'));
    const [answer] = told.answers as readonly (Message & { readonly nextPageToken: string })[];
    const field = method.output.fields.find(({ fieldKind }) => fieldKind === 'list')!;
    const items = answer ? (Reflect.get(answer, field.localName) as readonly Message[]).map((item) => JSON.stringify({ ...(toJson(field.message!, item) as object), soldOutForecast: '' })) : []; // a forecast is made anew each time
    return { told, items, next: answer?.nextPageToken ?? '' };
  };

  it('is walked page by page without leaving anything out or telling it twice, whichever list it is', async () => {
    let withMore = 0;
    for (const method of lists) {
      const whole = await page(method, { pageSize: 500 });
      expect([method.name, whole.told.code]).toEqual([method.name, '']);
      const walked: string[] = [];
      let token = '';
      for (let i = 0; i <= whole.items.length + 1; i++) {
        const { items, next, told } = await page(method, { pageSize: 1, pageToken: token });
        expect([method.name, told.code, items.length <= 1]).toEqual([method.name, '', true]);
        walked.push(...items);
        token = next;
        if (token === '') break;
      }
      expect([method.name, token, walked]).toEqual([method.name, '', whole.items]);
      expect([method.name, whole.next]).toEqual([method.name, '']);
      if (whole.items.length > 1) withMore++;
    }
    expect(withMore).toBeGreaterThan(12);
  }, 60_000);

  /** Every list's next token, when all have come that this trade gives one to. */
  const tokens = (): Promise<ReadonlyMap<string, string>> => premises.until(
    async () => new Map((await Promise.all(lists.map(async (method) => [method.name, (await page(method, { pageSize: 1 })).next] as const))).filter(([, next]) => next !== '')),
    (given) => Object.keys(LONG).every((name) => given.has(name)),
  );
  const expectRefused = async (method: DescMethodUnary, pageToken: string, what: string, more: object = {}): Promise<void> => {
    const { told, items } = await page(method, { pageSize: 1, pageToken, ...more });
    expect([method.name, what, told.status, told.code, told.fields.map(({ pointer }) => pointer), items]).toEqual([method.name, what, 3, 'PAGE_TOKEN_INVALID', ['/pageToken'], []]);
  };

  it('takes no token that it did not give: not of any other list, not made up', async () => {
    const given = await tokens();
    const madeUp = ['garbage', 'AAAA', Buffer.from('{"a":1}').toString('base64url'), Buffer.from('[]').toString('base64url'), Buffer.from('["x",{}]').toString('base64url'), '=', '../..'];
    for (const method of lists) {
      for (const pageToken of madeUp) await expectRefused(method, pageToken, pageToken);
      for (const [giver, pageToken] of given) if (giver !== method.name) await expectRefused(method, pageToken, giver);
    }
  }, 60_000);

  it('takes no token that it gave for another filter, order or parent', async () => {
    const given = await tokens();
    for (const [name, others] of Object.entries(LONG)) {
      for (const more of others) {
        const method = lists.find((list) => list.name === name)!;
        expect([name, (await page(method, more)).told.code]).toEqual([name, '']); // as such, it may be asked
        await expectRefused(method, given.get(name)!, JSON.stringify(more), more);
      }
    }
  }, 60_000);

  it('has a size that is capped, not refused', async () => {
    for (const method of lists.filter(({ name }) => /^List(Orders|Products|Entries|Stock|Accounts)$/.test(name))) {
      for (const pageSize of [2 ** 31 - 1, 0, -1]) {
        const { told, items } = await page(method, { pageSize });
        expect([method.name, pageSize, told.code, items.length <= 500]).toEqual([method.name, pageSize, '', true]);
      }
    }
  });
});

describe('events over HTTP', () => {
  let premises: Premises;
  beforeAll(async () => {
    premises = await Premises.open();
    await liveliness(premises);
  }, 20_000);
  afterAll(() => premises.close());

  /** Reads server-sent events until `enough` of them came, then hangs up. */
  const read = async (path: string, enough: number, lastEventId?: string): Promise<readonly string[]> => {
    const hangUp = new AbortController();
    const response = await fetch(`${premises.platform.http}${path}`, {
      headers: { ...premises.as('admin'), accept: 'text/event-stream', ...(lastEventId !== undefined && { 'last-event-id': lastEventId }) }, signal: AbortSignal.any([hangUp.signal, AbortSignal.timeout(10_000)]),
    });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
    const ids: string[] = [];
    let text = '';
    try {
      for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
        text += piece;
        const blocks = text.split('\n\n');
        text = blocks.pop()!;
        for (const block of blocks) {
          const id = /^id: (.+)$/m.exec(block)?.[1];
          if (id !== undefined) ids.push(id);
        }
        if (ids.length >= enough) hangUp.abort();
      }
    } catch (error) {
      if (!hangUp.signal.aborted) throw error;
    }
    return ids.slice(0, enough);
  };

  it('go on exactly where a reader was cut off, again and again, while more happen', async () => {
    const busy = (async () => {
      for (let i = 0; i < 40; i++) {
        await premises.order('chn_corp', { number: `SSE-${i}`, lines: [{ productId: 'prd_video-month', quantity: 1 }] });
        await clock.sleep(10);
      }
    })();
    const seen: string[] = [];
    for (const size of [1, 7, 40, 3, 100, 60, 20]) seen.push(...(await read('/v1/events?follow=true', size, seen.at(-1))));
    await busy;
    const { json } = await premises.wire.ask(AuditService.method.readEvents, [{ limit: seen.length }], premises.as('admin'));
    const all = (JSON.parse(json) as readonly { cursor: string }[]).map(({ cursor }) => cursor);
    expect(seen).toEqual(all);
  }, 30_000);

  it('take no cursor that no event has', async () => {
    const head = await premises.wire.get(AuditService.method.getIntegrity, {}, premises.as('admin'));
    for (const cursor of ['x', '-1', 'c', 'czzzzzzzzz', "c1'", `${head.head}0`]) {
      const told = await premises.wire.ask(AuditService.method.readEvents, [{ cursor, limit: 1 }], premises.as('admin'));
      expect([cursor, told.status, told.code, told.fields[0]?.pointer]).toEqual([cursor, 3, 'CURSOR_INVALID', '/cursor']);
    }
  });

  it('of one order end with it', async () => {
    const { orderId } = await premises.order('chn_corp', { number: 'WATCHED', lines: [{ productId: 'prd_video-month', quantity: 1 }] });
    const page = await premises.http('GET', `/v1/orders/${orderId}:watch`, 'chn_corp', { headers: { accept: 'text/event-stream' } });
    const states = [...page.text.matchAll(/^data: (\{"orderId.+)$/gm)].map(([, json]) => (JSON.parse(json!) as { state: string }).state);
    expect(states.at(-1)).toBe(`ORDER_STATE_${OrderState[OrderState.COMPLETED]}`);
    expect(page.text.trimEnd().endsWith('event: end\ndata: {}')).toBe(true);
    expect((await premises.http('GET', `/v1/orders/${orderId}:watch`, 'chn_dist', { headers: { accept: 'text/event-stream' } })).status).toBe(404);
  });

  it('of readers that hang up leave nobody waiting', async () => {
    const unpaid = await premises.order('chn_app', { number: 'UNPAID', lines: [{ productId: 'prd_video-month', quantity: 1 }], waitMs: 0 });
    const streams = async (): Promise<number> => Number(/^vouchsafe_streams_open(?:\{[^}]*\})? (\d+)/m.exec((await premises.http('GET', '/metrics', undefined)).text)?.[1] ?? Number.NaN);
    await Promise.all(Array.from({ length: 20 }, (_, i) =>
      premises.http('GET', i % 2 === 0 ? `/v1/orders/${unpaid.orderId}:watch` : '/v1/events?follow=true', i % 2 === 0 ? 'chn_app' : 'admin', { timeoutMs: 300 }).catch(() => undefined)));
    await Promise.all(Array.from({ length: 20 }, () => premises.wire.ask(OrderService.method.watchOrder, [create(OrderService.method.watchOrder.input, { orderId: unpaid.orderId })], premises.as('chn_app'), 200)));
    expect(await premises.until(streams, (open) => !(open > 0))).toBe(0);
  });
});
