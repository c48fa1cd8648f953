import type { DescMethod } from '@bufbuild/protobuf';
import { methodTable } from '@vouchsafe/gateway';
import { AuditService } from '@vouchsafe/proto/audit/v1/audit';
import { AccessService } from '@vouchsafe/proto/access/v1/access';
import { PrincipalKind } from '@vouchsafe/proto/access/v1/resources';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import { Premises } from '../door/testing/premises.js';
import { liveliness } from '../door/testing/street.js';
import type { HttpTold } from '../door/testing/wire.js';
import { PUBLIC_SERVICES } from '../public-services.js';

const STREAMS = { streams: 4, streamsPerKey: 2 };
const MADE_UP = ['x', '=', '../..', '%00', 'c', 'c-', 'czzzzzzzzzz', '-1', '0', 'null', '{}', encodeURIComponent('’游标'), 'A'.repeat(3_000), Buffer.from('["x",{}]').toString('base64url')];
const REFUSED = [400, 'PAGE_TOKEN_INVALID', ['/pageToken']];
const table = methodTable(PUBLIC_SERVICES);
type Listed = { readonly method: DescMethod; readonly template: string };
/** Every list that is had by GET. */
const lists: readonly Listed[] = table.flatMap(({ method, bindings }) => {
  const get = bindings.find(({ verb }) => verb === 'GET');
  return get && method.methodKind === 'unary' && method.input.fields.some(({ name }) => name === 'page_token') ? [{ method, template: get.template }] : [];
});
const NEEDED: Readonly<Record<string, string>> = {
  ListEntries: 'filter=book_id%20%3D%20%22bok_main%22', ListHolds: 'accountId=acc_prepaid.dist.CNY', ListPeriods: 'bookId=bok_main', GetTimeline: 'channelId=chn_corp',
};
/** Other characters of the same alphabet here and there. */
const tampered = (token: string): readonly string[] =>
  [0, 1, Math.floor(token.length / 3), Math.floor(token.length / 2), token.length - 2, token.length - 1].filter((at) => at >= 0).map((at) => `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`);

describe('cursors and tokens over HTTP', () => {
  let premises: Premises;
  let ids: Readonly<Record<string, string>>;
  beforeAll(async () => {
    premises = await Premises.open({ more: { gateway: { authFailuresPerMinute: 1_000_000, drainMs: 100, admission: { sandbox: STREAMS } } } });
    await liveliness(premises);
    const { imports } = await premises.wire.get(InventoryService.method.listImports, {}, premises.as('admin'));
    const { principals } = await premises.wire.get(AccessService.method.listPrincipals, {}, premises.as('admin'));
    ids = { import_id: imports[0]!.importId, principal_id: principals[0]!.principalId, book_id: 'bok_main', channel_id: 'chn_corp', account_id: 'acc_prepaid.dist.CNY' };
    for (const name of ['ada', 'bob', 'cyd']) await premises.hire(name, { kind: PrincipalKind.AUDITOR, roles: ['auditor'] });
  }, 60_000);
  afterAll(() => premises.close());

  const page = async ({ method, template }: Listed, token: string, who = 'admin', size = 1): Promise<{ readonly told: HttpTold; readonly next: string; readonly items: readonly string[] }> => {
    const path = template.replace(/\{([a-z_]+)\}/g, (_all, name: string) => ids[name] ?? 'none');
    const told = await premises.http('GET', `${path}?pageSize=${size}&pageToken=${token}${NEEDED[method.name] ? `&${NEEDED[method.name]}` : ''}`, who);
    const field = method.output.fields.find(({ fieldKind }) => fieldKind === 'list')!.jsonName;
    const without = (item: object): string => JSON.stringify({ ...item, soldOutForecast: '' }); // made anew each time
    return { told, next: String(told.json['nextPageToken'] ?? ''), items: ((told.json[field] ?? []) as readonly object[]).map(without) };
  };
  const problemOf = ({ status, json }: HttpTold): readonly unknown[] => [status, json['code'], ((json['errors'] ?? []) as readonly { readonly pointer: string }[]).map(({ pointer }) => pointer)];

  it('are had by more than twenty lists', () => expect(lists.length).toBeGreaterThan(20));

  it.each(lists.map((list) => [list.method.name, list] as const))('%s takes none that is made up or tampered with', async (name, list) => {
    for (const token of MADE_UP) {
      const { told } = await page(list, token);
      expect([name, token, ...problemOf(told)]).toEqual([name, token, ...REFUSED]);
    }
    const { next } = await page(list, '');
    if (next === '') return;
    for (const token of tampered(next)) {
      const { told } = await page(list, token);
      expect([name, token, ...problemOf(told)]).toEqual([name, token, ...REFUSED]);
    }
  });

  it('lead nobody into what is another’s: a channel’s token is refused to every other channel, and to staff', async () => {
    for (const name of ['ListOrders', 'ListListings', 'ListProducts']) {
      const list = lists.find(({ method }) => method.name === name)!;
      const { next } = await premises.until(() => page(list, '', 'chn_dist'), (first) => first.next !== '');
      for (const who of ['chn_corp', 'admin']) expect([name, who, ...problemOf((await page(list, next, who, 100)).told)]).toEqual([name, who, ...REFUSED]);
    }
  });

  it('hold over a restart: whoever was in the middle goes on there', async () => {
    const half = new Map<string, { readonly items: readonly string[]; readonly next: string }>();
    for (const list of lists) half.set(list.method.name, await page(list, ''));
    const [first] = await events('ada', { enough: 3 });
    await premises.restart();
    for (const list of lists) {
      const { items, next } = half.get(list.method.name)!;
      if (next === '' || /Principal|Credential|Stock/.test(list.method.name)) continue; // a start makes keys; a forecast moves
      const rest = (await page(list, next, 'admin', 500)).items;
      expect([list.method.name, [...items, ...rest]]).toEqual([list.method.name, (await page(list, '', 'admin', 500)).items.slice(0, 500)]);
    }
    const [again] = await events('ada', { enough: 3 });
    expect(again).toBe(first);
    expect(await events('ada', { enough: 2, after: first! })).toEqual((await events('ada', { enough: 3 })).slice(1));
  }, 60_000);

  /** Opens the event stream; what was told at the door, and events until `enough` came. */
  const open = async (who: string, { after, query = '', path = '/v1/events' }: { readonly after?: string; readonly query?: string; readonly path?: string } = {}) => {
    const hangUp = new AbortController();
    const response = await fetch(`${premises.platform.http}${path}${query}`, {
      headers: { ...premises.as(who), accept: 'text/event-stream', ...(after !== undefined && { 'last-event-id': after }) }, signal: AbortSignal.any([hangUp.signal, AbortSignal.timeout(30_000)]),
    });
    return { response, hangUp: () => hangUp.abort() };
  };
  const events = async (who: string, { enough, after }: { readonly enough: number; readonly after?: string }): Promise<readonly string[]> => {
    const { response } = await open(who, { query: `?limit=${enough}`, ...(after !== undefined && { after }) });
    expect(response.status).toBe(200);
    return [...(await response.text()).matchAll(/^id: (.+)$/gm)].map((match) => match[1]!);
  };
  const refused = async (who: string, where: Parameters<typeof open>[1]): Promise<readonly unknown[]> => {
    const { response } = await open(who, where);
    const json = (await response.json()) as Record<string, unknown>;
    return [...problemOf({ status: response.status, json } as HttpTold), response.headers.get('content-type')?.split(';')[0]];
  };

  it('of events: none that no event has, by header or by query, and the header counts', async () => {
    const [first, second] = await events('ada', { enough: 2 });
    const beyond = `${(await premises.wire.get(AuditService.method.getIntegrity, {}, premises.as('ada'))).head}0`;
    const wrong = [...MADE_UP.filter((text) => !text.includes('%')), ...tampered(first!).filter((text) => text !== first), beyond];
    for (const cursor of wrong) {
      const bad = [400, 'CURSOR_INVALID', ['/cursor'], 'application/problem+json'];
      expect([cursor, ...(await refused('ada', { after: cursor }))]).toEqual([cursor, ...bad]);
      expect([cursor, ...(await refused('ada', { query: `?cursor=${encodeURIComponent(cursor)}` }))]).toEqual([cursor, ...bad]);
      expect(await refused('ada', { after: cursor, query: `?cursor=${first}` })).toEqual(bad);
    }
    expect(await events('ada', { enough: 1, after: first! })).toEqual([second]);
    // Who may not read events learns nothing of cursors either.
    const [good, bad] = await Promise.all([refused('chn_corp', { after: first! }), refused('chn_corp', { after: 'x' })]);
    expect([good, good[0]]).toEqual([bad, 403]);
  }, 60_000);

  it('of streams that have none change nothing: a reader that comes back with one sees what is now', async () => {
    const order = await premises.order('chn_corp', { number: 'CUR-1', lines: [{ productId: 'prd_video-month', quantity: 1 }], waitMs: 5_000 });
    const seen = async (path: string, who: string, after?: string): Promise<readonly [number, string]> => {
      const { response } = await open(who, { path, ...(after !== undefined && { after }) });
      return [response.status, await response.text()];
    };
    for (const [path, who] of [[`/v1/orders/${order.orderId}:watch`, 'chn_corp'], ['/v1/books/bok_main/journal:export', 'admin']] as const) {
      const now = await seen(path, who);
      expect([path, now[0], now[1].trimEnd().endsWith('data: {}')]).toEqual([path, 200, true]);
      for (const after of ['x', 'c1', 'A'.repeat(3_000)]) expect([path, await seen(path, who, after)]).toEqual([path, now]);
    }
  });

  it('streams are counted: too many of one key or of all are turned away, calls are not, and a place that is given back is taken', async () => {
    const follow = { query: '?follow=true' };
    const mine = [await open('ada', follow), await open('ada', follow)];
    expect((await refused('ada', follow)).slice(0, 2)).toEqual([429, 'BUSY']);
    const others = [await open('bob', follow), await open('bob', follow)];
    const turned = await open('cyd', follow);
    expect([turned.response.status, Number(turned.response.headers.get('retry-after')) > 0]).toEqual([429, true]);
    expect([...mine, ...others].map(({ response }) => response.status)).toEqual([200, 200, 200, 200]);
    expect((await premises.http('GET', '/v1/orders', 'chn_corp')).status).toBe(200);
    mine[0]!.hangUp();
    const next = await premises.until(() => open('cyd', follow), ({ response }) => response.status === 200);
    for (const one of [mine[1]!, ...others, next]) one.hangUp();
    const streams = async (): Promise<number> => Number(/^vouchsafe_streams_open(?:\{[^}]*\})? (\d+)/m.exec((await premises.http('GET', '/metrics', undefined)).text)?.[1] ?? Number.NaN);
    expect(await premises.until(streams, (count) => !(count > 0))).toBe(0);
  }, 60_000);
});
