export { describeRpcContract, type RpcUnderTest } from './rpc-contract.js';
export { serveSome } from './serve-some.js';
