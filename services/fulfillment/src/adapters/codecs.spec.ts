import { fulfillmentEvents } from '@vouchsafe/contracts';
import { guardCodec, topUpCodec } from './codecs.js';
import { GOLDEN } from './golden.js';

const codecs = [topUpCodec, guardCodec];

it.each(GOLDEN)('brings $type back as it lies in logs', ({ type, data }) => {
  const codec = codecs.find(({ types }) => types.includes(type))!;
  const event = codec.decode(type, data)!;
  expect((codec.encode as (given: unknown) => unknown)(event)).toEqual({ type, data });
});
it('has a sample of every version', () =>
  expect(GOLDEN.map(({ type }) => type).sort()).toEqual(codecs.flatMap(({ types }) => types).sort()));

it('stores what others hear in their words', () => {
  const [ended] = GOLDEN.filter(({ type }) => topUpCodec.isPublished(type));
  expect(fulfillmentEvents.decode(ended!.type, ended!.data)).toMatchObject({ type: 'TopUpEnded', outcome: 'failed', reason: 'ACCOUNT_CLOSED' });
});
