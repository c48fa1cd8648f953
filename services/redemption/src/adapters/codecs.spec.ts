import { redemptionEvents } from '@vouchsafe/contracts';
import { activated, redeemed } from '../testing/samples.js';
import { grantCodec, guessCodec, terminalCodec } from './codecs.js';
import { GOLDEN } from './golden.js';

const codecs = [grantCodec, terminalCodec, guessCodec];
const codecOf = (type: string) => codecs.find(({ types }) => types.includes(type))!;

it.each(GOLDEN)('brings $type back as it lies in logs', ({ type, data }) => {
  const codec = codecOf(type);
  const event = codec.decode(type, data)!;
  expect((codec.encode as (given: unknown) => unknown)(event)).toEqual({ type, data });
});
it('has a sample of every version', () =>
  expect(GOLDEN.map(({ type }) => type).sort()).toEqual(codecs.flatMap(({ types }) => types).sort()));

it('reads an activation, with all that is usual left out of it, whole', () => {
  const usual = activated({ terms: wholeTerms, reservationId: 'rsv_1.1', kind: 'code' });
  const { type, data } = grantCodec.encode(usual);
  expect(grantCodec.decode(type, data)).toEqual(usual);
  expect(Object.keys((data as { terms: object }).terms)).toEqual(['faceMinor']);
  expect(data).toMatchObject({ ranges: [['bat_1', 10, 13], ['bat_2', 90, 91]] });
  for (const usually of ['reservationId', 'kind', 'currency', 'chunk', 'first', 'units']) expect(data).not.toHaveProperty(usually);
  const odd = activated({ chunk: 3, first: 768, unitsInLine: 800, dims: { bookId: 'main', channelId: 'chn_other' }, terms: { ...wholeTerms, usage: 'times', times: 3, currency: 'USD', zone: 'UTC', ownClass: 'prepaid_untaxed' } });
  const stored = grantCodec.encode(odd);
  expect(grantCodec.decode(stored.type, JSON.parse(JSON.stringify(stored.data)))).toEqual(odd);
});
const wholeTerms = {
  usage: 'single', times: 1, faceMinor: 500n, currency: 'CNY', zone: 'Asia/Shanghai', reversalWindowMs: 0, rediscloseForMs: 259_200_000, rediscloseTimes: 10, ownClass: 'taxed',
} as const;

it('stores what others hear in their words', () => {
  const { type, data } = grantCodec.encode(redeemed());
  expect(redemptionEvents.decode(type, data)).toMatchObject({ type: 'VoucherRedeemed', redemptionId: 'rdm_1', voucherUnit: { batchId: 'bat_1', index: 11 } });
  for (const sample of GOLDEN.filter((one) => grantCodec.isPublished(one.type))) expect(redemptionEvents.decode(sample.type, sample.data)).toBeDefined();
  expect(redemptionEvents.types.filter((one) => !grantCodec.isPublished(one))).toEqual([]);
});
