import { chargebackIdOf, fingerprintOfBody, orderIdOf, paymentIdOf, refundIdOf, reservationIdOf, verdictIdOf } from './names.js';

it('names things for ever: ids and fingerprints that lie in logs never change', () => {
  const orderId = orderIdOf('live', 'chn_shop', 'N-1');
  expect(orderId).toBe('ord_dc269f31-bf09-5938-ac9a-f5cdec0e6fea');
  expect(orderIdOf('sandbox', 'chn_shop', 'N-1')).toBe('ord_9a739e44-be24-56c5-aa10-e136a1e4c015');
  expect(reservationIdOf(orderId, '1', false)).toBe('rsv_dc269f31-bf09-5938-ac9a-f5cdec0e6fea.1');
  expect(reservationIdOf(orderId, '1', true)).toBe('rsv_dc269f31-bf09-5938-ac9a-f5cdec0e6fea.1r');
  expect(paymentIdOf(orderId)).toBe('pay_dc269f31-bf09-5938-ac9a-f5cdec0e6fea');
  expect(refundIdOf(orderId, 'r1')).toBe('rfd_9247e99b-9a30-5e37-ad3b-47f280b6a4a0');
  expect(chargebackIdOf('live', 'sandbox', 'd1')).toBe('cbk_c0daade7-445c-5b5a-ab9c-ae04ff975804');
  expect(verdictIdOf(orderId, 'a_b')).toBe('vdt_dc269f31-bf09-5938-ac9a-f5cdec0e6fea.a~b');
  expect(fingerprintOfBody([[['prd_code', 1, false, '']], ['CNY', 990n], '', '', false, ['tok_b', '', '', '', '']])).toBe('iyAPau_6ylJojTeZZy-taj');
});
