export type {
  Collection, CollectionSpec, Condition, Doc, DocValue, IndexSpec, ProjectedMeta, Projection, Query, ReadStore, Scalar, WriteOp,
} from './port.js';
