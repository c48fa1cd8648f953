export type { ReadStoreUnderTest } from './read-store-contract.js';
export { describeReadStoreContract } from './read-store-contract.js';
