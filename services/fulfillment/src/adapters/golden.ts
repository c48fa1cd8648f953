import type { Json } from '@vouchsafe/codec';

/** One sample per stored version as it lies in logs. Never edited, never deleted. */
export const GOLDEN: readonly { readonly type: string; readonly data: Json }[] = [
  {
    type: 'fulfillment.TopUpStarted.v1',
    data: {

      terms: { deliveryId: 'dlv_1.1', orderId: 'ord_1', lineId: '1', channelId: 'chn_1', productId: 'prd_1', supplierId: 'sup_1', providers: ['a'], providerSku: 'SKU-1', accountRef: 'sub_1', accountToken: 'tok_1', quantity: 4, face: { minor: '1000', currency: 'CNY' }, unitCostMicros: '9800000', inputTaxRateBp: 600, guardMs: 3600000, allowRepeat: false, giveUpAt: '2026-03-05T01:00:00.000Z' },
      at: '2026-03-02T01:00:00.000Z',
    },
  },
  {
    type: 'fulfillment.AttemptRecorded.v1',
    data: {
      provider: 'a', requestNumber: 'dlv_1.1.1', dueAt: '2026-03-02T01:01:15.000Z', at: '2026-03-02T01:00:00.000Z',
    },
  },
  {
    type: 'fulfillment.AttemptAnswered.v1',
    data: {
      requestNumber: 'dlv_1.1.1', status: 'partial', delivered: 2, reference: 'P-1',
      charged: { minor: '1960', currency: 'CNY' }, dueAt: '2026-03-02T01:00:00.000Z',
      at: '2026-03-02T01:00:00.000Z',
    },
  },
  {
    type: 'fulfillment.TopUpEscalated.v1',
    data: {
      provider: 'a', requestNumber: 'dlv_1.1.1', reason: 'SYSTEM_BUSY', at: '2026-03-02T01:00:00.000Z',
    },
  },
  {
    type: 'fulfillment.TopUpResolved.v1',
    data: {
      principalId: 'pri_staff', outcome: 'partial', delivered: 1, evidence: 'statement line 7',
      at: '2026-03-02T01:00:00.000Z',
    },
  },
  {
    type: 'fulfillment.TopUpEnded.v1',
    data: {
      deliveryId: 'dlv_1.1', orderId: 'ord_1', lineId: '1', outcome: 'failed', deliveredQuantity: 0, provider: 'a',
      supplierId: 'sup_1', reason: 'ACCOUNT_CLOSED', cost: { minor: '0', currency: 'CNY' },
      inputTax: { minor: '0', currency: 'CNY' },
    },
  },
  {
    type: 'fulfillment.TopUpGuarded.v1',
    data: { deliveryId: 'dlv_1.1', at: '2026-03-02T01:00:00.000Z' },
  },
  {
    type: 'fulfillment.GuardReleased.v1',
    data: { deliveryId: 'dlv_1.1', at: '2026-03-02T01:00:00.000Z' },
  },
];
