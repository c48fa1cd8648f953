import { create, type DescMessage, fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { type Any, anyPack, anyUnpack } from '@bufbuild/protobuf/wkt';
import { Metadata, type ServiceError, status as Code, type StatusObject } from '@grpc/grpc-js';
import { Bug, Fault } from '@vouchsafe/kernel';
import { BadRequestSchema, type ErrorInfo, ErrorInfoSchema, RetryInfoSchema } from '@vouchsafe/proto/google/rpc/error_details';
import { StatusSchema } from '@vouchsafe/proto/google/rpc/status';
import { type Kind, refusalOf, RpcFailure, wireStatus } from '@vouchsafe/rpc';

/** `domain` of an ErrorInfo between services: a "no" of the service, a fault of its world, a bug, a caller it does not take. */
const FAILURE = 'vouchsafe';
const FAULT = 'vouchsafe/fault';
const BUG = 'vouchsafe/bug';
const PEER = 'vouchsafe/peer';
const DETAILS_KEY = 'grpc-status-details-bin';
const KINDS: readonly Kind[] = ['invalid', 'unauthenticated', 'forbidden', 'missing', 'duplicate', 'refused', 'throttled', 'aborted', 'unavailable'];
const KIND_BY_CODE: ReadonlyMap<number, Kind> = new Map(KINDS.map((kind) => [wireStatus(kind).grpc, kind]));

export type WireError = Partial<StatusObject> & Error;

/** What a handler threw, for the service that called: nothing is lost that refusalOf keeps, and nothing is told that it does not. */
export const statusOf = (error: unknown): WireError => {
  const { kind, code, details, fields, retryAfterMs } = refusalOf(error);
  const packed: Any[] = [infoOf(domainOf(error), code, details)];
  if (fields.length > 0) {
    packed.push(anyPack(BadRequestSchema, create(BadRequestSchema, {
      fieldViolations: fields.map((field) => ({ field: field.pointer, reason: field.code, description: field.en, localizedMessage: { locale: 'zh', message: field.zh } })),
    })));
  }
  if (retryAfterMs !== undefined) packed.push(anyPack(RetryInfoSchema, create(RetryInfoSchema, { retryDelay: { seconds: BigInt(Math.trunc(retryAfterMs / 1000)), nanos: (retryAfterMs % 1000) * 1_000_000 } })));
  return wireError(wireStatus(kind).grpc, code, packed);
};
const domainOf = (error: unknown): string => {
  if (error instanceof Error && error.name === 'Fault') return FAULT;
  return refusalOf(error).kind === 'internal' ? BUG : FAILURE;
};

/** A caller whose token or certificate is not taken. Told to the other service only; what it was asked for stays unsaid. */
export const peerRefused = (reason: string): WireError => wireError(Code.UNAUTHENTICATED, reason, [infoOf(PEER, reason, {})]);

const infoOf = (domain: string, reason: string, metadata: Readonly<Record<string, string>>): Any =>
  anyPack(ErrorInfoSchema, create(ErrorInfoSchema, { domain, reason, metadata: { ...metadata } }));
const wireError = (code: number, message: string, details: Any[]): WireError => {
  const metadata = new Metadata();
  metadata.set(DETAILS_KEY, Buffer.from(toBinary(StatusSchema, create(StatusSchema, { code, message, details }))));
  return Object.assign(new Error(message), { code, details: message, metadata });
};

/** `ofTheWay`: it tells of the way to the service, not of the service; the circuit breaker counts these. */
export type Heard = { readonly error: Error; readonly ofTheWay: boolean };

/** What the caller is told of a call that failed: the same RpcFailure or Fault that the handler threw, or a Fault of the way there. */
export const errorOf = (error: Pick<ServiceError, 'code' | 'details' | 'metadata'>, method: string): Heard => {
  const [bytes] = error.metadata?.get(DETAILS_KEY) ?? [];
  const details = bytes instanceof Uint8Array ? fromBinary(StatusSchema, bytes).details : [];
  const info = find(details, ErrorInfoSchema);
  if (!info) return { error: wayFault(error.code, method, error.details), ofTheWay: true };
  return { error: errorIn(info, details, error.code, method), ofTheWay: false };
};

const errorIn = (info: ErrorInfo, details: readonly Any[], code: number, method: string): Error => {
  const delay = find(details, RetryInfoSchema)?.retryDelay;
  switch (info.domain) {
    case FAULT: return new Fault(info.reason, `${method}: ${info.reason}`, delay !== undefined || info.reason === 'DEADLINE_EXCEEDED');
    case BUG: return new Bug(`${method} failed by a bug in the service that serves it`);
    case PEER: return new Fault('PEER_REFUSED', `${method}: this process is not taken there: ${info.reason}`);
  }
  const fields = (find(details, BadRequestSchema)?.fieldViolations ?? []).map((field) => ({ pointer: field.field, code: field.reason, en: field.description, zh: field.localizedMessage?.message ?? '' }));
  return new RpcFailure(KIND_BY_CODE.get(code) ?? 'unavailable', info.reason, info.metadata, {
    ...(fields.length > 0 && { fields }), ...(delay && { retryAfterMs: Number(delay.seconds) * 1000 + delay.nanos / 1_000_000 }),
  });
};
const find = <D extends DescMessage>(details: readonly Any[], schema: D): MessageShape<D> | undefined => {
  for (const detail of details) {
    const message = anyUnpack(detail, schema);
    if (message) return message;
  }
  return undefined;
};

/** Of the way there: nobody answered, or what answered is none of us. */
const wayFault = (code: number, method: string, details: string): Error => {
  switch (code) {
    case Code.DEADLINE_EXCEEDED: return new Fault('DEADLINE_EXCEEDED', `${method}: no answer in time`);
    case Code.CANCELLED: return new Fault('CANCELLED', `${method}: cancelled`);
    case Code.RESOURCE_EXHAUSTED: return new Fault('MESSAGE_TOO_LARGE', `${method}: ${details}`, false);
    default: return new Fault('UNAVAILABLE', `${method}: ${Code[code] ?? code} ${details}`);
  }
};
