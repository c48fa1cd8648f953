import type { DescService } from '@bufbuild/protobuf';
import { AccessService } from '@vouchsafe/proto/access/v1/access';
import { AuditService, InsightService } from '@vouchsafe/proto/audit/v1/audit';
import { CatalogService } from '@vouchsafe/proto/catalog/v1/catalog';
import { FulfillmentService } from '@vouchsafe/proto/fulfillment/v1/fulfillment';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import { LedgerService } from '@vouchsafe/proto/ledger/v1/ledger';
import { OrderService } from '@vouchsafe/proto/order/v1/order';
import { PaymentService } from '@vouchsafe/proto/order/v1/payment';
import { RedemptionService } from '@vouchsafe/proto/redemption/v1/redemption';
import { RiskService } from '@vouchsafe/proto/risk/v1/risk';

/** The whole public contract, in the order people read it. */
export const PUBLIC_SERVICES: readonly DescService[] = [
  CatalogService, InventoryService, OrderService, PaymentService, FulfillmentService, RedemptionService, RiskService, LedgerService, AuditService,
  InsightService, AccessService,
];
