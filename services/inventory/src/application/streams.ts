/** Shards are configured per product one day; until then each product has this one (ARCHITECTURE §2). */
export const poolStream = (productId: string, shard = 0): string => `pool-${productId}_${shard}`;
export const buyerLimitStream = (listingId: string, buyerToken: string): string => `buyerlimit-${listingId}_${buyerToken}`;
export const batchStream = (batchId: string): string => `batch-${batchId}`;
/** An import and its batch are one matter under two names. */
export const batchOfImport = (importId: string): string => importId.replace(/^imp_/, 'bat_');
export const importOfBatch = (batchId: string): string => batchId.replace(/^bat_/, 'imp_');

export const CATEGORIES = ['pool', 'buyerlimit', 'batch'] as const;
