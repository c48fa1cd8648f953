import { instant } from '@vouchsafe/kernel';
import { specification } from '@vouchsafe/testing';
import { aChannel } from '../testing/catalogue.js';
import { channelDecider, type ChannelEvent, quoteDecider } from './deciders.js';
import type { ChannelSpec } from './records.js';
import { type Asked, nextVersion, sameData } from './versioned.js';

const at = instant(1_000);
const channel = specification(channelDecider);
const created = (spec: ChannelSpec = aChannel({ currency: 'CNY' }), asked?: Asked): ChannelEvent => ({ type: 'ChannelCreated', id: 'chn_a', version: 1, spec, at, ...(asked && { asked }) });
const revised = (version: number, spec: ChannelSpec, asked?: Asked): ChannelEvent => ({ type: 'ChannelRevised', id: 'chn_a', version, spec, at, ...(asked && { asked }) });
const create = (spec = aChannel({ currency: 'CNY' })) => ({ type: 'Create', id: 'chn_a', spec, at }) as const;
const revise = (spec: ChannelSpec, more: { version?: number; asked?: Asked } = {}) => ({ type: 'Revise', id: 'chn_a', spec, at, ...more }) as const;
const suspended = aChannel({ currency: 'CNY', suspended: true });

describe('a catalogue record', () => {
  it('is created once; the same again is already so', () => {
    channel.given().when(create()).then(created());
    channel.given(created()).when(create()).then();
  });
  it('is not created over another one, nor over its own later versions', () => {
    channel.given(created()).when(create(suspended)).rejected('ALREADY_EXISTS', { id: 'chn_a' });
    channel.given(created(), revised(2, suspended)).when(create()).rejected('ALREADY_EXISTS');
  });
  it('counts its versions', () => {
    channel.given(created()).when(revise(suspended)).then(revised(2, suspended));
    channel.given(created(), revised(2, suspended)).when(revise(aChannel({ currency: 'CNY' }))).then(revised(3, aChannel({ currency: 'CNY' })));
  });
  it('is revised only on the version the writer saw, unless nothing would change', () => {
    channel.given(created(), revised(2, suspended)).when(revise(aChannel({ currency: 'CNY' }), { version: 1 })).rejected('ETAG_MISMATCH', { id: 'chn_a', version: '2' });
    channel.given(created(), revised(2, suspended)).when(revise(suspended, { version: 1 })).then();
  });
  it('never changes what orders and accounts rest on', () => {
    channel.given(created()).when(revise(aChannel({ currency: 'USD' }))).rejected('FIELD_IMMUTABLE', { id: 'chn_a', field: 'currency' });
    channel.given(created()).when(revise(aChannel({ currency: 'CNY', parentId: 'chn_b' }))).rejected('FIELD_IMMUTABLE', { id: 'chn_a', field: 'parentId' });
  });
  it('answers a request it has seen, also after others, and refuses another body under its id', () => {
    const asked = { id: 'r1', print: 'p1' };
    const past = [created(), revised(2, suspended, asked), revised(3, aChannel({ currency: 'CNY' }))];
    channel.given(...past).when(revise(suspended, { asked })).then();
    channel.given(...past).when(revise(suspended, { asked: { id: 'r1', print: 'p2' } })).rejected('REQUEST_ID_REUSED');
  });
  it('cannot be revised before it is there', () => channel.given().when(revise(suspended)).rejected('RECORD_UNKNOWN'));
  it('remembers a bounded number of requests', () => {
    let record = nextVersion(undefined, { id: 'x', version: 1, spec: {}, at });
    for (let i = 0; i < 100; i++) record = nextVersion(record, { id: 'x', version: i + 2, spec: {}, at, asked: { id: `r${i}`, print: '' } });
    expect(record.recent.map(({ id }) => id)).toEqual(Array.from({ length: 16 }, (_, i) => `r${84 + i}`));
  });
});

it('compares specs by value: bigint, lists, absent and undefined alike', () => {
  expect(sameData({ a: 1n, b: [1, { c: 2 }], d: undefined }, { a: 1n, b: [1, { c: 2 }] })).toBe(true);
  for (const other of [{ a: 2n, b: [1, { c: 2 }] }, { a: 1n, b: [1] }, { a: 1n, b: [{ c: 2 }, 1] }, { a: 1n, b: { 0: 1, 1: { c: 2 } } }, { a: '1', b: [1, { c: 2 }] }]) {
    expect(sameData({ a: 1n, b: [1, { c: 2 }] }, other)).toBe(false);
  }
});

it('promises a price once', () => {
  const quotes = specification(quoteDecider<string>());
  const quote = { quoteId: 'quo_1', channelId: 'chn_a', expiresAt: instant(31_000), terms: 't' };
  quotes.given().when({ type: 'IssueQuote', ...quote, at }).then({ type: 'PriceQuoted', ...quote, at });
  quotes.given({ type: 'PriceQuoted', ...quote, at }).when({ type: 'IssueQuote', ...quote, at }).rejected('QUOTE_ID_REUSED');
});
