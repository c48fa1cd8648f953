import { create, type DescMessage, fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { type Any, anyPack, anyUnpack } from '@bufbuild/protobuf/wkt';
import { type MetadataValue, Metadata, type ServiceError, type StatusObject } from '@grpc/grpc-js';
import { BadRequestSchema, ErrorInfoSchema, LocalizedMessageSchema, RequestInfoSchema, RetryInfoSchema } from '@vouchsafe/proto/google/rpc/error_details';
import { StatusSchema } from '@vouchsafe/proto/google/rpc/status';
import type { ErrorBook, Locale } from './error-book.js';
import type { FieldError } from './failure.js';
import type { Refusal } from './refusal.js';
import { wireStatus } from './status-codes.js';

/** `domain` of every ErrorInfo we send. */
export const ERROR_DOMAIN = 'vouchsafe';
const DETAILS_KEY = 'grpc-status-details-bin';

/** What is told about the call beside the refusal. */
export type CallFacts = { readonly book: ErrorBook; readonly locale: Locale; readonly requestId: string; readonly traceId?: string };

/** A refusal as gRPC status: the code by its kind, the rest in google.rpc details. */
export const grpcStatusOf = (refusal: Refusal, facts: CallFacts): Partial<StatusObject> & { code: number; details: string; metadata: Metadata } => {
  const { grpc } = wireStatus(refusal.kind);
  const { title, remedy } = facts.book.words(refusal, facts.locale);
  const message = `${refusal.code}: ${sentences(title, remedy, facts.locale)}`;
  const status = create(StatusSchema, { code: grpc, message, details: detailsOf(refusal, facts) });
  const metadata = new Metadata();
  metadata.set(DETAILS_KEY, Buffer.from(toBinary(StatusSchema, status)));
  metadata.set('x-request-id', facts.requestId);
  if (refusal.retryAfterMs !== undefined) metadata.set('retry-after', String(Math.ceil(refusal.retryAfterMs / 1000)));
  return { code: grpc, details: message, metadata };
};

const detailsOf = (refusal: Refusal, { book, requestId, traceId }: CallFacts): Any[] => {
  const metadata = { ...refusal.details, requestId, ...(traceId !== undefined && { traceId }) };
  const details: Any[] = [
    anyPack(ErrorInfoSchema, create(ErrorInfoSchema, { reason: refusal.code, domain: ERROR_DOMAIN, metadata })),
    anyPack(RequestInfoSchema, create(RequestInfoSchema, { requestId })),
  ];
  for (const locale of ['zh', 'en'] as const) {
    const { title, remedy } = book.words(refusal, locale);
    details.push(anyPack(LocalizedMessageSchema, create(LocalizedMessageSchema, { locale, message: sentences(title, remedy, locale) })));
  }
  if (refusal.fields.length > 0) {
    details.push(anyPack(BadRequestSchema, create(BadRequestSchema, { fieldViolations: refusal.fields.map(violation) })));
  }
  if (refusal.retryAfterMs !== undefined) details.push(anyPack(RetryInfoSchema, create(RetryInfoSchema, { retryDelay: durationOf(refusal.retryAfterMs) })));
  return details;
};

const sentences = (title: string, remedy: string, locale: Locale): string => `${title.replace(/[.。]$/, '')}${locale === 'zh' ? '。' : '. '}${remedy}`;
const violation = ({ pointer, code, zh, en }: FieldError) => ({ field: pointer, reason: code, description: en, localizedMessage: { locale: 'zh', message: zh } });
const durationOf = (ms: number): { seconds: bigint; nanos: number } => ({ seconds: BigInt(Math.trunc(ms / 1000)), nanos: (ms % 1000) * 1_000_000 });

/** What a client reads out of a failed call: the same refusal, as far as it was told. */
export const readGrpcStatus = (error: Pick<ServiceError, 'metadata'>): { code: string; details: Readonly<Record<string, string>>; fields: readonly FieldError[]; retryAfterMs?: number } => {
  const [bytes] = error.metadata?.get(DETAILS_KEY) ?? ([] as MetadataValue[]);
  if (!(bytes instanceof Uint8Array)) return { code: '', details: {}, fields: [] };
  const { details } = fromBinary(StatusSchema, bytes);
  const info = find(details, ErrorInfoSchema);
  const wrong = find(details, BadRequestSchema)?.fieldViolations ?? [];
  const delay = find(details, RetryInfoSchema)?.retryDelay;
  return {
    code: info?.reason ?? '', details: info?.metadata ?? {},
    fields: wrong.map((field) => ({ pointer: field.field, code: field.reason, en: field.description, zh: field.localizedMessage?.message ?? '' })),
    ...(delay && { retryAfterMs: Number(delay.seconds) * 1000 + delay.nanos / 1_000_000 }),
  };
};
const find = <D extends DescMessage>(details: readonly Any[], schema: D): MessageShape<D> | undefined => {
  for (const detail of details) {
    const message = anyUnpack(detail, schema);
    if (message) return message;
  }
  return undefined;
};
