import type { ServerReadableStream } from '@grpc/grpc-js';
import { Empty } from '@eventstore/db-client/generated/shared_pb';
import { type AppendReq, AppendResp } from '@eventstore/db-client/generated/streams_pb';
import type { AppendResult } from '@vouchsafe/event-store';
import type { Appender, Expected } from './appender.js';
import { invalid, tooLarge } from './errors.js';
import { type Proposed, sizeOf } from './proposals.js';
import { streamOf, whole } from './reading.js';
import type { Visitor } from './who.js';

/** One append: its options, then its events. */
export const appendCall = async (call: ServerReadableStream<AppendReq, AppendResp>, appender: Appender, visitor: Visitor): Promise<AppendResp> => {
  let options: AppendReq.Options | undefined;
  const messages: Proposed[] = [];
  let bytes = 0;
  for await (const request of call as AsyncIterable<AppendReq>) {
    options ??= request.getOptions();
    const message = request.getProposedMessage();
    if (!message) continue;
    bytes += sizeOf(message);
    if (bytes > appender.maxBytes) throw tooLarge(appender.maxBytes);
    messages.push(message);
  }
  if (!options) throw invalid('an append begins with its options');
  const expected = expectedIn(options);
  const result = await appender.append(visitor, streamOf(options.getStreamIdentifier()), expected, messages);
  return result.ok ? success(result) : wrongVersion(expected, result.actual);
};

const expectedIn = (options: AppendReq.Options): Expected => {
  if (options.hasRevision()) return whole(options.getRevision());
  if (options.hasNoStream()) return -1;
  return options.hasStreamExists() ? 'stream_exists' : 'any';
};

const success = ({ revision, position }: Extract<AppendResult, { ok: true }>): AppendResp =>
  new AppendResp().setSuccess(
    new AppendResp.Success()
      .setCurrentRevision(String(revision))
      .setPosition(new AppendResp.Position().setCommitPosition(String(position)).setPreparePosition(String(position))),
  );

const wrongVersion = (expected: Expected, actual: number): AppendResp => {
  const told = new AppendResp.WrongExpectedVersion();
  if (actual < 0) told.setCurrentNoStream(new Empty());
  else told.setCurrentRevision(String(actual));
  if (expected === 'stream_exists') told.setExpectedStreamExists(new Empty());
  else if (expected === 'any') told.setExpectedAny(new Empty());
  else if (expected < 0) told.setExpectedNoStream(new Empty());
  else told.setExpectedRevision(String(expected));
  return new AppendResp().setWrongExpectedVersion(told);
};
