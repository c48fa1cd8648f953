import { plusMs } from '@vouchsafe/kernel';
import { CatalogTermsService, type SupplierTerms } from '@vouchsafe/proto/catalog/internal/v1/terms';
import { serviceCaller } from '@vouchsafe/rpc';
import type { OrderPorts } from './ports.js';

const DEADLINE_MS = 5000;

/** What the catalogue says of a supplier now. Fault where it is silent. */
export const supplierTerms = ({ rpc, namespace, ids, clock }: OrderPorts, supplierId: string): Promise<SupplierTerms> => {
  const context = { caller: serviceCaller('order', namespace), requestId: ids.uuid(), deadline: plusMs(clock.now(), DEADLINE_MS), locale: 'en' as const };
  return rpc.call(CatalogTermsService.method.getSupplierTerms, { supplierId }, context);
};
/** Consignment that was not disclosed is as if never sold; else the supplier's terms say whether it takes units back. */
export const takesBack = async (ports: OrderPorts, supplierId: string): Promise<boolean> => {
  const { returnable, terms } = await supplierTerms(ports, supplierId);
  return returnable || terms === 'consignment';
};
