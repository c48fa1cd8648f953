import { accessProjections } from '@vouchsafe/access';
import { fulfillmentProjections } from '@vouchsafe/fulfillment';
import { insightProjections } from '@vouchsafe/insight';
import { inventoryProjections } from '@vouchsafe/inventory';
import { ledgerProjections } from '@vouchsafe/ledger';
import { orderProjections } from '@vouchsafe/order';
import type { BoundProjection } from '@vouchsafe/read-store';
import { redemptionProjections } from '@vouchsafe/redemption';
import { riskProjections } from '@vouchsafe/risk';

/** Every view of every service, under the name of its runner: what an audit rebuilds and compares. */
export const SERVICE_PROJECTIONS: Readonly<Record<string, () => readonly BoundProjection[]>> = {
  access: accessProjections, fulfillment: fulfillmentProjections, insight: insightProjections, inventory: inventoryProjections, ledger: ledgerProjections,
  order: orderProjections, redemption: redemptionProjections, risk: riskProjections,
};
