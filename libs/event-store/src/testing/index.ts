export { anAppend, anEvent, follow, readToEnd } from './builders.js';
export type { StoreUnderTest } from './event-store-contract.js';
export { describeEventStoreContract } from './event-store-contract.js';
