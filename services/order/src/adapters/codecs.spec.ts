import { orderEvents } from '@vouchsafe/contracts';
import fc from 'fast-check';
import { someTerms } from '../testing/builders.js';
import { GOLDEN_CHARGEBACK } from './golden-chargeback.js';
import { GOLDEN_ORDER } from './golden-order.js';
import { GOLDEN_PAYMENT } from './golden-payment.js';
import { GOLDEN_REFUND } from './golden-refund.js';
import { toIntegration } from './integration.js';
import { orderCodec } from './order-codec.js';
import { paymentCodec } from './payment-codec.js';
import { chargebackCodec, refundCodec } from './refund-codec.js';

const CODECS = [[orderCodec, GOLDEN_ORDER], [paymentCodec, GOLDEN_PAYMENT], [refundCodec, GOLDEN_REFUND], [chargebackCodec, GOLDEN_CHARGEBACK]] as const;
type AnyCodec = { decode(type: string, data: unknown): unknown; encode(event: never): { type: string; data: unknown }; readonly types: readonly string[] };

describe.each(CODECS.map(([codec, samples]) => [codec as AnyCodec, samples] as const))('stored events', (codec, samples) => {
  it('are read and written as they lie in logs', () => {
    for (const { type, data, event } of samples) {
      expect(codec.decode(type, JSON.parse(JSON.stringify(data)))).toEqual(event);
      expect(codec.encode(event as never)).toEqual({ type, data });
    }
  });
  it('have a sample of every version', () => expect([...new Set(samples.map(({ type }) => type))].sort()).toEqual([...codec.types].sort()));
});

it('writes an order of one line in less than 700 bytes, whatever its ids', () => {
  const id = (prefix: string): string => `${prefix}_01jq8zv3w9k2m4n6p8r0s2t4v6`;
  const [line] = someTerms().lines;
  const terms = someTerms({
    number: 'N-20260302-000001', channelId: id('chn'), principal: id('pri'), fingerprint: 'eefkhSQz0tpxWFAWR_0tjZ', bookId: 'bok_main', verdict: { decision: 'allow', verdictId: id('vdt'), fallback: false },
    buyer: { token: id('tok'), refs: [id('sub')] }, lines: [{ ...line!, productId: id('prd'), listingId: id('lst'), priceListId: id('plt'), supplierId: id('sup') }],
  });
  expect(JSON.stringify(orderCodec.encode({ type: 'OrderPlaced', ...terms }).data).length).toBeLessThan(700);
});

it('keeps references to one subject short and brings them back', () => {
  const reference = fc.tuple(fc.constantFrom('sub_a', 'sub_b', 'sub_a1'), fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined })).map(([subject, n]) => (n === undefined ? subject : `${subject}.${n}`));
  fc.assert(fc.property(fc.array(reference), (refs) => {
    const { type, data } = orderCodec.encode({ type: 'OrderPlaced', ...someTerms({ buyer: { refs } }) });
    expect(orderCodec.decode(type, data)).toMatchObject({ buyer: { refs } });
  }));
});

it('tells others of every end, and of nothing else', () => {
  const told = [['order-ord_1', GOLDEN_ORDER], ['refund-rfd_1', GOLDEN_REFUND], ['chargeback-cbk_1', GOLDEN_CHARGEBACK], ['payment-pay_1', GOLDEN_PAYMENT]] as const;
  const heard = told.flatMap(([stream, samples]) => samples.map((sample) => {
    const integration = toIntegration({ stream, ...sample } as never);
    const codec = CODECS.find(([known]) => known.types.includes(sample.type))![0];
    expect(integration !== undefined).toBe(codec.isPublished(sample.type));
    return integration && orderEvents.decode(integration.type, integration.data);
  })).filter((event) => event !== undefined);
  expect(heard.map((event) => [event.type, 'state' in event ? event.state : ''])).toEqual([
    ['OrderEnded', 'REJECTED'], ['OrderEnded', 'COMPLETED'], ['OrderEnded', 'REJECTED'], ['OrderEnded', 'CANCELLED'], ['RefundEnded', 'FAILED'], ['ChargebackOpened', ''],
  ]);
});
