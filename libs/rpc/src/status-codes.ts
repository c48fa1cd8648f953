import type { Refusal } from './refusal.js';

/** What a kind is on the wire (STYLE §6): gRPC code and its name, HTTP status. */
export type WireStatus = { readonly grpc: number; readonly grpcName: string; readonly http: number };

const STATUS: Readonly<Record<Refusal['kind'], WireStatus>> = {
  cancelled: { grpc: 1, grpcName: 'CANCELLED', http: 499 },
  invalid: { grpc: 3, grpcName: 'INVALID_ARGUMENT', http: 400 },
  deadline: { grpc: 4, grpcName: 'DEADLINE_EXCEEDED', http: 504 },
  missing: { grpc: 5, grpcName: 'NOT_FOUND', http: 404 },
  duplicate: { grpc: 6, grpcName: 'ALREADY_EXISTS', http: 409 },
  forbidden: { grpc: 7, grpcName: 'PERMISSION_DENIED', http: 403 },
  throttled: { grpc: 8, grpcName: 'RESOURCE_EXHAUSTED', http: 429 },
  refused: { grpc: 9, grpcName: 'FAILED_PRECONDITION', http: 409 },
  aborted: { grpc: 10, grpcName: 'ABORTED', http: 409 },
  internal: { grpc: 13, grpcName: 'INTERNAL', http: 500 },
  unavailable: { grpc: 14, grpcName: 'UNAVAILABLE', http: 503 },
  unauthenticated: { grpc: 16, grpcName: 'UNAUTHENTICATED', http: 401 },
};

export const wireStatus = (kind: Refusal['kind']): WireStatus => STATUS[kind];

/** The kinds of codes whose catalogue entry can only say `unavailable`, for the printed catalogue. */
export const refusalKindOf = (code: string, kind: Refusal['kind']): Refusal['kind'] => {
  if (code === 'DEADLINE_EXCEEDED') return 'deadline';
  if (code === 'CANCELLED') return 'cancelled';
  return code === 'INTERNAL' ? 'internal' : kind;
};
