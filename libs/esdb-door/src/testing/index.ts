export { CuttingProxy } from './cutting-proxy.js';
export { type House, openHouse, START_OF_TESTS } from './stores.js';
