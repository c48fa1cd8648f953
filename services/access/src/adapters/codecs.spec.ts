import { approvalCodec, encryptionCodec, erasureCodec, principalCodec } from './event-codecs.js';
import { GOLDEN } from './golden.js';

const codecs = [principalCodec, approvalCodec, erasureCodec, encryptionCodec];

it.each(GOLDEN)('brings $type back as it lies in logs', ({ type, data }) => {
  const codec = codecs.find(({ types }) => types.includes(type))!;
  const event = codec.decode(type, data)!;
  expect((codec.encode as (given: unknown) => unknown)(event)).toEqual({ type, data });
});
it('has a sample of every version', () => expect([...new Set(GOLDEN.map(({ type }) => type))].sort()).toEqual(codecs.flatMap(({ types }) => types).sort()));
