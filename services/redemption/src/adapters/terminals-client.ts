import { CatalogTermsService } from '@vouchsafe/proto/catalog/internal/v1/terms';
import type { Rpc } from '@vouchsafe/rpc';
import type { Clock } from '@vouchsafe/runtime';
import { LRUCache } from 'lru-cache';
import type { TerminalFacts, Terminals } from '../application/ports.js';
import type { ServiceContext } from './service-context.js';

const TERMINALS_MAX = 10_000;
const DEFAULT_ZONE = 'Asia/Shanghai';
type Known = { readonly facts: TerminalFacts; readonly askedMs: number };

/** Catalog's terminals over Rpc, remembered for `maxAgeMs`: a till is asked about once, not with every voucher. */
export const terminalsClient = (rpc: Rpc, context: ServiceContext, clock: Clock, maxAgeMs: number): Terminals => {
  const known = new LRUCache<string, Known>({ max: TERMINALS_MAX });
  const ask = async (terminalId: string): Promise<TerminalFacts | undefined> => {
    const terms = await rpc.call(CatalogTermsService.method.getTerminalTerms, { terminalId }, context());
    if (!terms.found) return undefined;
    const { storeId, zone, scenes, active, merchantId, commissionBp, commissionTaxRateBp } = terms;
    const partner = merchantId ? { partner: { merchantId, commissionBp, commissionTaxBp: commissionTaxRateBp } } : {};
    return { terminalId, storeId, zone: zone || DEFAULT_ZONE, scenes, active, ...partner };
  };
  const learn = async (terminalId: string): Promise<TerminalFacts | undefined> => {
    const facts = await ask(terminalId);
    if (facts) known.set(terminalId, { facts, askedMs: clock.monotonicMs() });
    else known.delete(terminalId);
    return facts;
  };
  return {
    factsOf: (terminalId) => {
      const there = known.get(terminalId);
      return there && clock.monotonicMs() - there.askedMs < maxAgeMs ? there.facts : learn(terminalId);
    },
  };
};
