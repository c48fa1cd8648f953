export type { Brand } from './brand.js';
export type { Accepted, Decider, Decision, Details, Message, Of, Rejected } from './decision.js';
export { accept, reject } from './decision.js';
export type { DescribedError } from './described-error.js';
export { describeError, faultOf } from './described-error.js';
export { Fault, isFault } from './fault.js';
export type { AccountId, BatchId, ChannelId, IdKind, LineId, OrderId, PrincipalId, ProductId } from './ids.js';
export { ID_PREFIXES, isId } from './ids.js';
export type { Instant } from './instant.js';
export { instant, parseRfc3339, plusMs, toRfc3339 } from './instant.js';
export { Bug, invariant } from './invariant.js';
export type { Currency, Micros, Money } from './money.js';
export {
  allocate, amountOfRange, displayMicros, displayMoney, exponentOf, isCurrency, lineAmount, minus, money, negate, parseMicros, plus,
  roundHalfUp, shareOf, taxWithin,
} from './money.js';
export { PersistentMap } from './persistent-map.js';
export type { UnitRange } from './range.js';
export { contains, sizeOf, takeUnits, totalSize, withoutUnits } from './range.js';
export { Secret } from './secret.js';
