import type { ServerDuplexStream } from '@grpc/grpc-js';
import { status as grpcStatus } from '@grpc/grpc-js';
import { AccessDenied, AllStreamPosition, MaximumAppendSizeExceeded, type StreamIdentifier, UUID, Unknown, WrongExpectedVersion } from '@eventstore/db-client/generated/shared_pb';
import { Code } from '@eventstore/db-client/generated/code_pb';
import { Status } from '@eventstore/db-client/generated/status_pb';
import { type BatchAppendReq, BatchAppendResp } from '@eventstore/db-client/generated/streams_pb';
import type { AppendResult } from '@vouchsafe/event-store';
import { Any } from 'google-protobuf/google/protobuf/any_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import type { Appender, Expected } from './appender.js';
import { type DoorError, invalid, tooLarge } from './errors.js';
import { type Proposed, sizeOf, uuidText } from './proposals.js';
import { streamOf, whole } from './reading.js';
import type { Sink } from './sink.js';
import type { Visitor } from './who.js';

type Gathered = { readonly id: string; readonly options: BatchAppendReq.Options; readonly messages: Proposed[]; bytes: number };
/** Appends begun and not yet complete, of one call. */
const OPEN_MAX = 256;
const NAMESPACE = 'event_store.client';

/** Many appends over one call, each by itself: a part carries its append's id, the last one says so. Answers come in any order. */
export const batchCall = async (
  call: ServerDuplexStream<BatchAppendReq, BatchAppendResp>, appender: Appender, visitor: Visitor, sink: Sink<BatchAppendResp>, toError: (error: unknown) => DoorError,
): Promise<void> => {
  const open = new Map<string, Gathered>();
  const running = new Set<Promise<void>>();
  for await (const request of call as AsyncIterable<BatchAppendReq>) {
    const gathered = gather(open, request, appender.maxBytes);
    if (!request.getIsFinal()) continue;
    open.delete(gathered.id);
    const work = answer(gathered, appender, visitor, toError).then((response) => sink.send(response));
    running.add(work);
    void work.finally(() => running.delete(work));
  }
  await Promise.all(running);
};

const gather = (open: Map<string, Gathered>, request: BatchAppendReq, maxBytes: number): Gathered => {
  const id = uuidText(request.getCorrelationId());
  const known = open.get(id);
  const options = known?.options ?? request.getOptions();
  if (!options) throw invalid('an append begins with its options');
  if (!known && open.size >= OPEN_MAX) throw invalid(`at most ${OPEN_MAX} appends are begun at once`);
  const gathered = known ?? { id, options, messages: [], bytes: 0 };
  open.set(id, gathered);
  for (const message of request.getProposedMessagesList()) {
    gathered.bytes += sizeOf(message);
    // Beyond the limit nothing more is kept; the append itself refuses by the sum.
    if (gathered.bytes <= maxBytes) gathered.messages.push(message);
  }
  return gathered;
};

const answer = async ({ id, options, messages, bytes }: Gathered, appender: Appender, visitor: Visitor, toError: (error: unknown) => DoorError): Promise<BatchAppendResp> => {
  const response = new BatchAppendResp().setCorrelationId(new UUID().setString(id)).setStreamIdentifier(options.getStreamIdentifier());
  try {
    if (bytes > appender.maxBytes) throw tooLarge(appender.maxBytes);
    const expected = expectedIn(options);
    const result = await appender.append(visitor, streamOf(options.getStreamIdentifier()), expected, messages);
    return result.ok ? response.setSuccess(success(result)) : response.setError(wrongVersion(expected, result.actual, options.getStreamIdentifier()));
  } catch (error) {
    return response.setError(statusOf(toError(error), appender.maxBytes));
  }
};

const expectedIn = (options: BatchAppendReq.Options): Expected => {
  if (options.hasStreamPosition()) return whole(options.getStreamPosition());
  if (options.hasNoStream()) return -1;
  return options.hasStreamExists() ? 'stream_exists' : 'any';
};

const success = ({ revision, position }: Extract<AppendResult, { ok: true }>): BatchAppendResp.Success =>
  new BatchAppendResp.Success()
    .setCurrentRevision(String(revision))
    .setPosition(new AllStreamPosition().setCommitPosition(String(position)).setPreparePosition(String(position)));

const wrongVersion = (expected: Expected, actual: number, stream: StreamIdentifier | undefined): Status => {
  const told = new WrongExpectedVersion();
  if (actual < 0) told.setCurrentNoStream(new Empty());
  else told.setCurrentStreamRevision(String(actual));
  if (expected === 'stream_exists') told.setExpectedStreamExists(new Empty());
  else if (expected === 'any') told.setExpectedAny(new Empty());
  else if (expected < 0) told.setExpectedNoStream(new Empty());
  else told.setExpectedStreamPosition(String(expected));
  const name = Buffer.from(stream?.getStreamName_asU8() ?? []).toString('utf8');
  return refusal(Code.ALREADY_EXISTS, `${name} is at ${actual < 0 ? 'no revision' : actual}`, 'WrongExpectedVersion', told.serializeBinary());
};

const statusOf = (error: DoorError, maxBytes: number): Status => {
  switch (error.metadata.get('exception')[0]) {
    case 'access-denied':
      return refusal(Code.PERMISSION_DENIED, error.message, 'AccessDenied', new AccessDenied().serializeBinary());
    case 'maximum-append-size-exceeded':
      return refusal(Code.INVALID_ARGUMENT, error.message, 'MaximumAppendSizeExceeded', new MaximumAppendSizeExceeded().setMaxappendsize(maxBytes).serializeBinary());
    default:
      return refusal(error.code === grpcStatus.INVALID_ARGUMENT ? Code.INVALID_ARGUMENT : Code.UNKNOWN, error.message, 'Unknown', new Unknown().serializeBinary());
  }
};

const refusal = (code: Code, message: string, type: string, bytes: Uint8Array): Status => {
  const details = new Any();
  details.pack(bytes, `${NAMESPACE}.${type}`);
  return new Status().setCode(code).setMessage(message).setDetails(details);
};
