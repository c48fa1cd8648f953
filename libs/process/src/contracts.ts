import type { DescService } from '@bufbuild/protobuf';
import { IdentityService } from '@vouchsafe/proto/access/internal/v1/identity';
import { AccessService } from '@vouchsafe/proto/access/v1/access';
import { AuditService, InsightService } from '@vouchsafe/proto/audit/v1/audit';
import { CatalogTermsService } from '@vouchsafe/proto/catalog/internal/v1/terms';
import { CatalogService } from '@vouchsafe/proto/catalog/v1/catalog';
import { FulfillmentService } from '@vouchsafe/proto/fulfillment/v1/fulfillment';
import { SecretsService } from '@vouchsafe/proto/inventory/internal/v1/secrets';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import { LedgerService } from '@vouchsafe/proto/ledger/v1/ledger';
import { OrderStateService } from '@vouchsafe/proto/order/internal/v1/state';
import { OrderService } from '@vouchsafe/proto/order/v1/order';
import { PaymentService } from '@vouchsafe/proto/order/v1/payment';
import { GrantsService } from '@vouchsafe/proto/redemption/internal/v1/grants';
import { RedemptionService } from '@vouchsafe/proto/redemption/v1/redemption';
import { RiskAssessmentService } from '@vouchsafe/proto/risk/internal/v1/assessment';
import { RiskService } from '@vouchsafe/proto/risk/v1/risk';

/** Every service that runs as a process of its own, besides the gateway. */
export const SERVICES = ['access', 'catalog', 'inventory', 'order', 'risk', 'fulfillment', 'redemption', 'ledger', 'insight'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** The whole public contract, in the order people read it. */
export const PUBLIC_SERVICES: readonly DescService[] = [
  CatalogService, InventoryService, OrderService, PaymentService, FulfillmentService, RedemptionService, RiskService, LedgerService, AuditService,
  InsightService, AccessService,
];

const OWNED: Readonly<Record<ServiceName, readonly DescService[]>> = {
  access: [AccessService, IdentityService], catalog: [CatalogService, CatalogTermsService], inventory: [InventoryService, SecretsService],
  order: [OrderService, PaymentService, OrderStateService], risk: [RiskService, RiskAssessmentService], fulfillment: [FulfillmentService],
  redemption: [RedemptionService, GrantsService], ledger: [LedgerService], insight: [AuditService, InsightService],
};
/** Every contract, public or internal, with the service that serves it. */
export const CONTRACTS: readonly { readonly service: ServiceName; readonly contract: DescService }[] =
  SERVICES.flatMap((service) => OWNED[service].map((contract) => ({ service, contract })));
