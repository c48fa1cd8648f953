import { OWN_SUPPLIER } from '@vouchsafe/contracts';
import { instant, type Instant, roundHalfUp } from '@vouchsafe/kernel';
import { CatalogTermsService } from '@vouchsafe/proto/catalog/internal/v1/terms';
import { ProductKind } from '@vouchsafe/proto/common/v1/types';
import { type CallContext, type Rpc, serviceCaller } from '@vouchsafe/rpc';
import type { Clock, Ids, Namespace } from '@vouchsafe/runtime';
import type { BatchTerms, SupplyTerms } from '../domain/stock-types.js';

/** What catalog says about a product and its supplier at the time of an import. */
export type SupplyFacts = { readonly terms: BatchTerms; readonly fromPrepayment: boolean; readonly zone: string; readonly lowStockAt: number; readonly kind: ProductKind };
export type SupplyQuestion = {
  readonly productId: string; readonly supplierId?: string; /** Micros, tax included. */ readonly unitGrossMicros: bigint; readonly taxRateBp?: number;
};
export type CatalogTerms = { factsOf(question: SupplyQuestion): Promise<SupplyFacts | 'PRODUCT_UNKNOWN' | 'SUPPLIER_UNKNOWN'> };

const DEADLINE_MS = 5_000;
/** A call of inventory's own. */
export const ownContext = (options: { namespace: Namespace; clock: Clock; ids: Ids }): CallContext => ({
  caller: serviceCaller('inventory', options.namespace), requestId: options.ids.mint('request'), locale: 'en',
  deadline: deadlineOf(options.clock),
});
const deadlineOf = (clock: Clock): Instant => instant(clock.now() + DEADLINE_MS);

const NO_SUPPLIER = { terms: 'purchased', agent: false, returnable: false, inputTaxRateBp: 0, prepaid: false };

export const catalogTerms = (rpc: Rpc, context: () => CallContext): CatalogTerms => ({
  async factsOf({ productId, supplierId, unitGrossMicros, taxRateBp }) {
    const product = await rpc.call(CatalogTermsService.method.getProductTerms, { productId }, context());
    if (!product.found) return 'PRODUCT_UNKNOWN';
    const from = supplierId || product.supplierId;
    const supplier = from === OWN_SUPPLIER ? NO_SUPPLIER : await rpc.call(CatalogTermsService.method.getSupplierTerms, { supplierId: from }, context());
    if ('found' in supplier && !supplier.found) return 'SUPPLIER_UNKNOWN';
    const rate = taxRateBp ?? supplier.inputTaxRateBp;
    const unitTaxMicros = roundHalfUp(unitGrossMicros * BigInt(rate), 10_000n + BigInt(rate));
    const agent = supplier.agent || product.agent;
    return {
      kind: product.kind, zone: product.usage?.zone || 'Asia/Shanghai', lowStockAt: Number(product.lowStockAt), fromPrepayment: supplier.prepaid,
      terms: {
        supplierId: from, terms: supplyTerms(supplier.terms), presentation: agent ? 'agent' : 'principal', unitCostMicros: unitGrossMicros - unitTaxMicros, unitTaxMicros,
        currency: product.currency, bookId: product.bookId, businessLine: product.businessLine, returnable: supplier.returnable,
      },
    };
  },
});
const supplyTerms = (text: string): SupplyTerms => (text === 'consignment' || text === 'postpaid' ? text : 'purchased');
