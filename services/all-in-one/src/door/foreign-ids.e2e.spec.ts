import { type DescMethod, type Message, toBinary } from '@bufbuild/protobuf';
import type { RecordedEvent } from '@vouchsafe/event-store';
import { PUBLIC_SERVICES } from '../public-services.js';
import { Premises } from './testing/premises.js';
import { type FieldPath, httpForm, idFields, type Own, pathText, requestWith } from './testing/requests.js';
import { type Belongings, liveliness } from './testing/street.js';
import type { Told } from './testing/wire.js';

type Probe = { readonly method: DescMethod; readonly target: FieldPath; readonly name: string };
const probes: readonly Probe[] = PUBLIC_SERVICES.flatMap(({ methods }) => methods).flatMap((method) =>
  idFields(method.input).map((target) => ({ method, target, name: `${method.name}.${pathText(target)}` })));

/** Ids that are nobody's, of the same form as those that are somebody's. */
const absentLike = (id: string): string => {
  if (/^\d+$/.test(id)) return '987654';
  const [, prefix, rest] = /^([a-z]{3}_)?(.*)$/s.exec(id)!;
  // Digits and letters move within their kind, so that length, dashes and dots stay.
  return `${prefix ?? ''}${rest!.replace(/[0-9]/g, (d) => String((Number(d) + 3) % 10)).replace(/[a-f]/g, (c) => 'bcdefa'['abcdef'.indexOf(c)]!)}${/\d/.test(rest!) ? '' : 'x'}`;
};

/** What was told, without the id that was asked about, the time, and what counts calls. */
const told = (answer: Told | { readonly status: number; readonly text: string }, ...ids: readonly string[]): string => {
  const text = 'answers' in answer ? JSON.stringify([answer.status, answer.code, answer.text, answer.details, answer.fields, answer.retryAfterMs, answer.json]) : `${answer.status} ${answer.text}`;
  const plain = text.replace(/req_\w+/g, 'req').replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'time').replace(/try-\d+/g, 'number');
  return ids.reduce((left, id) => left.replaceAll(id, 'id'), plain);
};

describe('ids of others', () => {
  let premises: Premises;
  let world: Readonly<Record<string, Belongings>>;
  let nth = 0;
  const untouched: RecordedEvent[] = [];

  beforeAll(async () => {
    premises = await Premises.open();
    world = await liveliness(premises);
  });
  afterAll(() => premises.close());

  const own = (who: string): Own => Object.fromEntries(Object.entries(world[who] ?? {}).map(([field, [first]]) => [field.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`), first!]));
  const theirs = (victims: readonly string[], { target }: Probe): readonly string[] => {
    const field = target[target.length - 1]!.localName;
    const known = victims.flatMap((victim) => world[victim]?.[field] ?? []);
    if (field !== 'filter') return known;
    return victims.flatMap((victim) => Object.entries(world[victim] ?? {}).map(([key, [first]]) => `${key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)} = "${first}"`));
  };
  const absentOf = (text: string): string => text.replace(/^(\w+ = ")(.*)"$|^(.*)$/s, (_all, before: string | undefined, inFilter: string | undefined, plain: string | undefined) =>
    before === undefined ? absentLike(plain!) : `${before}${absentLike(inFilter!)}"`);
  const ask = (who: string, { method, target }: Probe, value: string, isFull: boolean): { readonly request: Message; readonly sent: Promise<Told> } => {
    const request = requestWith(method, target, value, { own: own(who), isFull, nth: ++nth });
    return { request, sent: premises.wire.send(method, [toBinary(method.input, request)], premises.as(who), 4_000) };
  };
  const overHttp = async (who: string, { method }: Probe, request: Message) => {
    const form = httpForm(method, request);
    return form && premises.http(form.verb, form.path, who, form.body === undefined ? {} : { body: form.body });
  };

  /** Whatever answer differs between a foreign and an absent id, over gRPC and HTTP, of sparse and full requests. */
  const leaks = async (who: string, victims: readonly string[], wanted: (probe: Probe) => boolean = () => true): Promise<readonly string[]> => {
    const found: string[] = [];
    for (const probe of probes.filter(wanted)) {
      for (const foreign of theirs(victims, probe)) {
        const absent = absentOf(foreign);
        for (const isFull of [false, true]) {
          const [one, other] = [ask(who, probe, foreign, isFull), ask(who, probe, absent, isFull)];
          const [seen, none] = [told(await one.sent, foreign), told(await other.sent, absent)];
          if (seen !== none) found.push(`${who} ${probe.name} ${foreign}\n  ${seen}\n  ${none}`);
          const [page, empty] = [await overHttp(who, probe, one.request), await overHttp(who, probe, other.request)];
          if (page && empty && told(page, foreign, encodeURIComponent(foreign)) !== told(empty, absent, encodeURIComponent(absent))) found.push(`${who} HTTP ${probe.name} ${foreign}\n  ${page.text}\n  ${empty.text}`);
        }
      }
    }
    return found;
  };

  it('are asked about in every request that has room for one', () => {
    expect(probes.length).toBeGreaterThan(150);
  });

  it.each([['chn_dist', ['chn_corp', 'chn_app', 'platform']], ['chn_dist.shop', ['chn_dist', 'chn_corp', 'chn_app', 'platform']], ['chn_app', ['chn_dist.shop', 'platform']]] as const)(
    'are answered to %s exactly like ids that do not exist', async (who, victims) => {
      const before = (await premises.events()).length;
      expect(await leaks(who, victims)).toEqual([]);
      untouched.push(...(await premises.events()).slice(before));
    }, 60_000);

  it('are answered to a till of another store exactly like ids that do not exist', async () => {
    expect(await leaks('trm_partner-1', ['chn_dist', 'chn_corp', 'platform'], ({ target }) => target[target.length - 1]!.name !== 'code')).toEqual([]);
  }, 60_000);

  it('leave nothing behind on what they name', () => {
    const named = Object.entries(world).filter(([who]) => who !== 'platform' && who !== 'chn_dist').flatMap(([, { orderId = [], refundId = [], paymentId = [], voucherId = [], redemptionId = [] }]) =>
      [...orderId, ...refundId, ...paymentId, ...voucherId, ...redemptionId]);
    const bodies = named.map((id) => id.slice(4));
    expect(untouched.filter(({ stream }) => bodies.some((body) => stream.includes(body))).map(({ stream, type }) => `${stream} ${type}`)).toEqual([]);
  });

  it('were real ones: their owners get an answer', async () => {
    const answered: string[] = [];
    for (const probe of probes) {
      for (const mine of theirs(['chn_corp'], probe)) {
        for (const isFull of [false, true]) {
          const [one, other] = [ask('chn_corp', probe, mine, isFull), ask('chn_corp', probe, absentOf(mine), isFull)];
          if (told(await one.sent, mine) !== told(await other.sent, absentOf(mine))) answered.push(probe.name);
        }
      }
    }
    const names = [...new Set(answered)].sort();
    expect(names).toEqual(expect.arrayContaining([
      'CancelOrder.order_id', 'CheckVoucher.code', 'CreateRefund.lines.voucher_ids', 'CreateRefund.order_id', 'DiscloseSecrets.order_id', 'GetAccount.account_id', 'GetChannel.id', 'GetDelivery.order_id', 'GetEntry.entry_id',
      'GetListing.id', 'GetOrder.number', 'GetOrder.order_id', 'GetPriceList.id', 'GetRefund.refund_id', 'GetVoucher.voucher_id', 'ListAccounts.filter', 'ListEntries.filter',
      'ListHolds.account_id', 'ListRefunds.filter', 'LookupVoucher.code', 'PlaceOrder.quote_id', 'WatchOrder.order_id',
    ]));
  }, 60_000);
});
