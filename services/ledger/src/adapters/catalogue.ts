import { CatalogTermsService } from '@vouchsafe/proto/catalog/internal/v1/terms';
import type { Rpc } from '@vouchsafe/rpc';
import type { Catalogue } from '../application/ports.js';
import type { ServiceContext } from './service-context.js';

/** The catalogue over Rpc. */
export const catalogueClient = (rpc: Rpc, context: ServiceContext): Catalogue => {
  const { getBookTerms, getChannelTerms, getTerminalTerms } = CatalogTermsService.method;
  return {
    bookTerms: async (bookId) => {
      const { found, zone, cutOffMinute } = await rpc.call(getBookTerms, { bookId }, context());
      return found ? { zone, cutOffMinute } : undefined;
    },
    channelBook: async (channelId) => {
      const { found, bookId } = await rpc.call(getChannelTerms, { channelId }, context());
      return found ? bookId : undefined;
    },
    partnerTerms: async (terminalId) => {
      const { found, commissionBp, commissionTaxRateBp } = await rpc.call(getTerminalTerms, { terminalId }, context());
      return found ? { commissionBp, commissionTaxBp: commissionTaxRateBp } : undefined;
    },
  };
};
