export type { Caller, CallContext } from './context.js';
export { serviceCaller } from './context.js';
export type { Catalogue, CatalogueEntry, FieldError, Kind } from './failure.js';
export { failureOf, invalidField, isRpcFailure, RpcFailure } from './failure.js';
export { inProcessRpc } from './in-process-rpc.js';
export type { Handler, Handlers, Rpc } from './port.js';
