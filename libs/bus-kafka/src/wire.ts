import type { Json } from '@vouchsafe/codec';
import { instant, type Instant } from '@vouchsafe/kernel';
import { type CommandMessage, type EventMessage, frozenCopy, type Outcome } from '@vouchsafe/bus';
import type { Namespace } from '@vouchsafe/runtime';
import type { IHeaders } from 'kafkajs';

/** A message as it goes to Kafka. */
export type Outgoing = { readonly key: string; readonly value: string; readonly headers: Readonly<Record<string, string>> };
/** A message as it came from Kafka; `headers` are text. */
export type Incoming = {
  readonly topic: string; readonly partition: number; readonly offset: string;
  readonly key: string; readonly value: string; readonly headers: Readonly<Record<string, string>>;
};

/** What came is not what we write: a poisoned message. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

/** Headers of CloudEvents 1.0 (Kafka binding, binary mode), ours beside them. */
export const H = {
  id: 'ce_id', source: 'ce_source', type: 'ce_type', subject: 'ce_subject', time: 'ce_time', specversion: 'ce_specversion', contentType: 'content-type',
  pub: 'ce_pub', recordedAt: 'ce_recordedat', correlation: 'ce_correlation', causation: 'ce_causation', principal: 'ce_principal',
  trace: 'traceparent',
  /** Where the answer goes, and for whom it is there. */
  replyTo: 'vs_replyto', ask: 'vs_ask', signer: 'vs_signer', keyId: 'vs_keyid', signature: 'vs_signature',
} as const;

export const COMMAND_TYPE = 'vouchsafe.command.v1';
export const READ_PUBLISHED_TYPE = 'vouchsafe.read-published.v1';
export const OUTCOME_TYPE = 'vouchsafe.outcome.v1';

export const textHeaders = (headers: IHeaders | undefined): Record<string, string> => {
  const text: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers ?? {})) {
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined) text[name] = first.toString();
  }
  return text;
};

const timeOf = (at: Instant): string => new Date(at).toISOString();
const readTime = (text: string): Instant => {
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new WireError(`${text} is no time`);
  return instant(at);
};
const header = ({ headers }: Incoming, name: string): string => {
  const value = headers[name];
  if (value === undefined) throw new WireError(`the header ${name} is missing`);
  return value;
};
export const readJson = ({ value }: Incoming): Json => {
  try {
    return frozenCopy(JSON.parse(value) as Json);
  } catch (error) {
    throw new WireError('the value is no JSON', { cause: error });
  }
};
const sourceOf = (namespace: Namespace, from: string): string => `/vouchsafe/${namespace}/${from}`;
const common = { [H.specversion]: '1.0', [H.contentType]: 'application/json' };

export const writeEvent = (namespace: Namespace, event: EventMessage): Outgoing => ({
  key: event.stream, value: JSON.stringify(frozenCopy(event.data)),
  headers: {
    ...common, [H.id]: event.id, [H.source]: sourceOf(namespace, event.context), [H.type]: event.type, [H.subject]: event.stream,
    [H.time]: timeOf(event.occurredAt), [H.recordedAt]: timeOf(event.recordedAt), [H.pub]: String(event.pub),
    [H.correlation]: event.correlation, [H.causation]: event.causation, [H.principal]: event.principal,
    ...(event.trace !== undefined && { [H.trace]: event.trace }),
  },
});

/** WireError where the message is none of ours, or of another namespace. */
export const readEvent = (namespace: Namespace, message: Incoming): EventMessage => {
  const source = header(message, H.source);
  const context = source.slice(sourceOf(namespace, '').length);
  if (source !== sourceOf(namespace, context)) throw new WireError(`an event from ${source} in a topic of ${namespace}`);
  const pub = Number(header(message, H.pub));
  if (!Number.isSafeInteger(pub) || pub < 1) throw new WireError('the pub is no number');
  const trace = message.headers[H.trace];
  return Object.freeze({
    id: header(message, H.id), context, type: header(message, H.type), stream: header(message, H.subject), pub, data: readJson(message),
    occurredAt: readTime(header(message, H.time)), recordedAt: readTime(header(message, H.recordedAt)),
    correlation: header(message, H.correlation), causation: header(message, H.causation), principal: header(message, H.principal),
    ...(trace !== undefined && { trace }),
  });
};

/** Where an answer goes, and which question of its asker it answers. */
export type Return = { readonly replyTo: string; readonly ask: string };

export const writeCommand = (sender: string, message: CommandMessage, { replyTo, ask }: Return): Outgoing => ({
  key: message.key, value: JSON.stringify(frozenCopy(message.body)),
  headers: {
    ...common, [H.id]: message.id, [H.source]: sourceOf(message.namespace, sender), [H.type]: COMMAND_TYPE, [H.subject]: message.key,
    [H.time]: timeOf(message.sentAt), [H.correlation]: message.correlation, [H.principal]: message.principal,
    ...(message.trace !== undefined && { [H.trace]: message.trace }), [H.replyTo]: replyTo, [H.ask]: ask,
  },
});
export const readCommand = (namespace: Namespace, target: string, message: Incoming): CommandMessage => {
  const trace = message.headers[H.trace];
  return Object.freeze({
    id: header(message, H.id), target, key: header(message, H.subject), namespace, body: readJson(message),
    principal: header(message, H.principal), correlation: header(message, H.correlation), ...(trace !== undefined && { trace }),
    sentAt: readTime(header(message, H.time)),
  });
};
export const readReturn = (message: Incoming): Return => ({ replyTo: header(message, H.replyTo), ask: header(message, H.ask) });

/** What comes back to an asker. */
export type Reply =
  | { readonly outcome: Outcome }
  | { readonly fault: { readonly code: string; readonly message: string; readonly retryable: boolean } }
  | { readonly events: readonly EventMessage[]; readonly more: boolean };

export const writeReply = (namespace: Namespace, sender: string, ask: string, { id, at, reply }: { id: string; at: Instant; reply: Reply }): Outgoing => ({
  key: ask, value: JSON.stringify(reply),
  headers: { ...common, [H.id]: id, [H.source]: sourceOf(namespace, sender), [H.type]: OUTCOME_TYPE, [H.subject]: ask, [H.time]: timeOf(at), [H.ask]: ask },
});
export const readReply = (message: Incoming): Reply => {
  const reply = readJson(message) as unknown as Reply;
  if (typeof reply !== 'object' || reply === null || !('outcome' in reply || 'fault' in reply || 'events' in reply)) throw new WireError('this is no answer');
  return reply;
};

/** A question for published events, asked over the command topic of their owner. */
export type PublishedQuestion = { readonly stream: string; readonly fromPub: number; readonly max: number };
export const writeQuestion = (namespace: Namespace, sender: string, question: PublishedQuestion, { replyTo, ask, at }: Return & { readonly at: Instant }): Outgoing => ({
  key: question.stream, value: JSON.stringify(question),
  headers: {
    ...common, [H.id]: ask, [H.source]: sourceOf(namespace, sender), [H.type]: READ_PUBLISHED_TYPE, [H.subject]: question.stream, [H.time]: timeOf(at),
    [H.replyTo]: replyTo, [H.ask]: ask,
  },
});
export const readQuestion = (message: Incoming): PublishedQuestion => {
  const question = readJson(message) as Partial<PublishedQuestion> | null;
  const { stream, fromPub, max } = question ?? {};
  if (typeof stream !== 'string' || !Number.isSafeInteger(fromPub) || !Number.isSafeInteger(max)) throw new WireError('this is no question');
  return { stream, fromPub: fromPub!, max: max! };
};

