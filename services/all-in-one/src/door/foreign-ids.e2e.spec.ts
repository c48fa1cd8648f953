import { type DescMethod, getOption, toBinary } from '@bufbuild/protobuf';
import { ROLES } from '@vouchsafe/access';
import type { RecordedEvent } from '@vouchsafe/event-store';
import { access } from '@vouchsafe/proto/common/v1/options';
import { OrderState } from '@vouchsafe/proto/order/v1/order';
import { PUBLIC_SERVICES } from '../public-services.js';
import { Premises } from './testing/premises.js';
import { type FieldPath, httpForm, idFields, type Own, pathText, requestWith } from './testing/requests.js';
import { type Belongings, liveliness } from './testing/street.js';
import type { Told } from './testing/wire.js';

type Probe = { readonly method: DescMethod; readonly target: FieldPath; readonly name: string };
const probes: readonly Probe[] = PUBLIC_SERVICES.flatMap(({ methods }) => methods).flatMap((method) =>
  idFields(method.input).map((target) => ({ method, target, name: `${method.name}.${pathText(target)}` })))
  // A number is asked for with what is placed under it: its own test.
  .filter(({ name }) => !/^(Place|BatchPlace|Stream)Orders?\..*number$/.test(name));

/** What is put into a field: the text, and the id within it. */
type Value = { readonly text: string; readonly id: string };
/** An id that is nobody's, of the same form as one that is somebody's: digits and letters move within their kind. */
const absentLike = (id: string): string => {
  if (/^\d+$/.test(id)) return '987654';
  const [, prefix = '', rest] = /^([a-z]{3}_)?(.*)$/s.exec(id)!;
  const moved = rest!.replace(/[0-9]/g, (d) => String((Number(d) + 3) % 10)).replace(/[a-f]/g, (c) => 'bcdefa'['abcdef'.indexOf(c)]!);
  return moved === rest ? `${prefix}${rest}x` : `${prefix}${moved}`;
};
const absentOf = ({ text, id }: Value): Value => ({ text: text.replace(id, absentLike(id)), id: absentLike(id) });
const snake = (name: string): string => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

/** A page token's tag, which is made of the request's own words; the place it names has to be the same. */
const TAGS = /(nextPageToken\\*":\\*")[\w-]{8}/g;
/** What was told, without the ids that were asked about, the time, what counts calls, and page tokens' tags. */
const told = (answer: Told | { readonly status: number; readonly text: string }, ids: readonly string[], mints: boolean): string => {
  const text = 'answers' in answer ? JSON.stringify([answer.status, answer.code, answer.text, answer.details, answer.fields, answer.retryAfterMs, answer.json]) : `${answer.status} ${answer.text}`;
  const plain = text.replace(/req_\w+/g, 'req').replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'time').replace(/try-\d+/g, 'number').replace(TAGS, '$1');
  const sameIds = ids.reduce((left, id) => left.replaceAll(id, 'id').replaceAll(encodeURIComponent(id), 'id'), plain);
  return mints ? sameIds.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'uuid') : sameIds;
};
/** Methods that make an id of the caller's own, new with every try. */
const MINTS = /^(PlaceOrder|BatchPlaceOrders|StreamOrders|RecordSignal|QuotePrice)$/;

const mayCall = (who: string, { method }: Probe): boolean => {
  const { permission } = getOption(method, access);
  return permission === '' || ROLES[who.startsWith('trm_') ? 'terminal' : 'channel'].permissions.some((held) => held === permission);
};
/** What some list can be filtered by. */
const FILTERED = /^(orderId|channelId|accountId|productId|batchId|storeId|supplierId|principalId)$/;
/** Guessed codes are counted and soon slowed down, so they are tried once. */
const fullness = ({ target }: Probe): readonly boolean[] => (target[target.length - 1]!.name === 'code' ? [false] : [false, true]);

const AT_ONCE = 12;
/** Of streams that do not end by themselves. */
const PATIENCE_MS = 1_500;

describe('ids of others', () => {
  let premises: Premises;
  let world: Readonly<Record<string, Belongings>>;
  let nth = 0;
  const since: RecordedEvent[] = [];

  beforeAll(async () => {
    premises = await Premises.open();
    world = await liveliness(premises);
  });
  afterAll(() => premises.close());

  const own = (who: string): Own => Object.fromEntries(Object.entries(world[who] ?? {}).map(([field, [first]]) => [snake(field), first!]));
  /** What victims have that would fit into the probe's field. */
  const theirs = (victims: readonly string[], { target }: Probe): readonly Value[] => {
    const field = target[target.length - 1]!.localName;
    const ids = victims.flatMap((victim) => Object.entries(world[victim] ?? {}).flatMap(([key, all]) => all.map((id) => ({ key, id }))));
    if (field === 'filter') {
      // Of orders each one, for only one of them was refunded.
      const firsts = new Map(ids.filter(({ key }) => FILTERED.test(key)).reverse().map(({ key, id }) => [key === 'orderId' ? id : key, { key, id }]));
      return [...firsts.values()].map(({ key, id }) => ({ text: `${snake(key)} = "${id}"`, id }));
    }
    return ids.filter(({ key }) => key === field).map(({ id }) => ({ text: id, id }));
  };
  const both = async (who: string, { method, target }: Probe, { text }: Value, pair: readonly string[], isFull: boolean): Promise<readonly string[]> => {
    const request = requestWith(method, target, text, { own: own(who), isFull, nth: ++nth });
    const plain = (answer: Parameters<typeof told>[0]): string => told(answer, pair, MINTS.test(method.name));
    const answer = plain(await premises.wire.send(method, [toBinary(method.input, request)], premises.as(who), PATIENCE_MS));
    const form = httpForm(method, request);
    if (!form) return [answer];
    const page = await premises.http(form.verb, form.path, who, { timeoutMs: PATIENCE_MS, ...(form.body !== undefined && { body: form.body }) }).catch(() => ({ status: 0, text: 'goes on and on' }));
    return [answer, plain(page)];
  };
  /** Whatever answer differs between an id of theirs and one of nobody's, over gRPC and HTTP, of sparse and full requests. */
  const differences = async (who: string, victims: readonly string[], wanted: (probe: Probe) => boolean = () => true): Promise<readonly { readonly name: string; readonly answers: readonly string[] }[]> => {
    const tries = probes.filter(wanted).flatMap((probe) => {
      const values = theirs(victims, probe);
      // Whoever may not call it is told so before anything is looked at: one try shows it.
      return mayCall(who, probe) ? values.flatMap((value) => fullness(probe).map((isFull) => ({ probe, value, isFull }))) : values.slice(0, 1).map((value) => ({ probe, value, isFull: false }));
    });
    const found: { readonly name: string; readonly answers: readonly string[] }[] = [];
    const next = async (): Promise<void> => {
      for (let one = tries.shift(); one; one = tries.shift()) {
        const { probe, value, isFull } = one;
        const absent = absentOf(value);
        const pair = [value.id, absent.id];
        const [seen, none] = [await both(who, probe, value, pair, isFull), await both(who, probe, absent, pair, isFull)];
        seen.forEach((answer, i) => answer !== none[i] && found.push({ name: `${probe.name}${i === 1 ? ' over HTTP' : ''}`, answers: [value.text, answer, none[i]!] }));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, next));
    return found;
  };

  it('are asked about in every request that has room for one', () => {
    expect(probes.length).toBeGreaterThan(150);
  });

  it.each([['chn_dist', ['chn_corp', 'chn_app', 'platform']], ['chn_dist.shop', ['chn_dist', 'chn_corp', 'chn_app', 'platform']], ['chn_app', ['chn_dist.shop', 'chn_corp']]] as const)(
    'are answered to %s exactly like ids that do not exist', async (who, victims) => {
      const before = (await premises.events()).length;
      expect(await differences(who, victims)).toEqual([]);
      since.push(...(await premises.events()).slice(before));
    }, 60_000);

  it('are answered to a till of another store exactly like ids that do not exist', async () => {
    expect(await differences('trm_partner-1', ['chn_dist', 'chn_corp', 'platform'], ({ target }) => target[target.length - 1]!.name !== 'code')).toEqual([]);
  }, 60_000);

  it('are numbers that everybody may use for themselves', async () => {
    for (const [who, number] of [['chn_dist', world.chn_corp!.number![0]!], ['chn_dist.shop', world.chn_dist!.number![0]!]] as const) {
      const mine = await premises.order(who, { number, lines: [{ productId: 'prd_video-month', quantity: 1 }] });
      expect([mine.state, mine.channelId, mine.lines[0]!.ordered]).toEqual([OrderState.COMPLETED, who, 1]);
      expect(Object.values(world).flatMap(({ orderId = [] }) => orderId)).not.toContain(mine.orderId);
    }
  });

  it('leave nothing behind on what they name', () => {
    const named = Object.entries(world).filter(([who]) => who !== 'platform' && who !== 'chn_dist').flatMap(([, { orderId = [], refundId = [], paymentId = [], voucherId = [], redemptionId = [] }]) =>
      [...orderId, ...refundId, ...paymentId, ...voucherId, ...redemptionId]);
    const bodies = named.map((id) => id.slice(4));
    expect(since.filter(({ stream }) => bodies.some((body) => stream.includes(body))).map(({ stream, type }) => `${stream} ${type}`)).toEqual([]);
  });

  it('were real ones: their owners get an answer', async () => {
    const names = (await differences('chn_corp', ['chn_corp'])).map(({ name }) => name);
    const wanted = [
      'CancelOrder.order_id', 'CheckVoucher.code', 'CreateRefund.lines.voucher_ids', 'CreateRefund.order_id', 'DiscloseSecrets.order_id', 'GetAccount.account_id', 'GetChannel.id', 'GetDelivery.order_id', 'GetEntry.entry_id',
      'GetListing.id', 'GetOrder.number', 'GetOrder.order_id', 'GetPriceList.id', 'GetRedemption.redemption_id', 'GetRefund.refund_id', 'GetVoucher.voucher_id', 'ListAccounts.filter', 'ListEntries.filter',
      'ListHolds.account_id', 'ListRefunds.filter', 'ListListings.filter', 'ListOrders.channel_id', 'ListPriceLists.filter', 'LookupVoucher.code', 'WatchOrder.order_id',
    ];
    expect(wanted.filter((name) => !names.includes(name))).toEqual([]);
  }, 60_000);
});
