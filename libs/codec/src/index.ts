export type { Encoded, EventCodec, EventSpec, EventSpecs } from './event-codec.js';
export { eventCodec } from './event-codec.js';
export { unitRow } from './unit-row.js';
export type { Json, RecordOf, RecordShape, Shape, TypeOf } from './shape.js';
export {
  amount, anyJson, big, bool, dict, float, int, list, millis, oneOf, optional, record, ShapeError, tagged, text, time,
} from './shape.js';
