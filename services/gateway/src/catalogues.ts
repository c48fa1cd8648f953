import { accessErrors } from '@vouchsafe/access/errors';
import { catalogErrors } from '@vouchsafe/catalog/errors';
import { fulfillmentErrors } from '@vouchsafe/fulfillment/errors';
import { insightErrors } from '@vouchsafe/insight/errors';
import { inventoryErrors } from '@vouchsafe/inventory/errors';
import { ledgerErrors } from '@vouchsafe/ledger/errors';
import { orderErrors } from '@vouchsafe/order/errors';
import { redemptionErrors } from '@vouchsafe/redemption/errors';
import { riskErrors } from '@vouchsafe/risk/errors';
import type { Catalogue } from '@vouchsafe/rpc';

/** What every code means, of every service: words only, no code of a service is loaded. */
export const CATALOGUES: readonly Catalogue[] = [
  accessErrors, catalogErrors, fulfillmentErrors, insightErrors, inventoryErrors, ledgerErrors, orderErrors, redemptionErrors, riskErrors,
];
