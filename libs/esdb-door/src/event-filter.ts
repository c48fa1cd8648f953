import type { ReadReq } from '@eventstore/db-client/generated/streams_pb';
import { RE2JS } from '@bufbuild/re2';
import type { RecordedEvent } from '@vouchsafe/event-store';
import { invalid } from './errors.js';

/** Which events somebody wants, and after how many looked at a checkpoint is due; 0: never. */
export type EventFilter = { readonly wants: (event: RecordedEvent) => boolean; readonly checkpointEvery: number };

const EVERYTHING: EventFilter = { wants: () => true, checkpointEvery: 0 };
/** The server's window where the client names none. */
const WINDOW = 32;
const PATTERN_MAX = 1_000;

/** By prefixes or a pattern (RE2, linear time) of stream names or event types. */
export const filterOf = (filter: ReadReq.Options.FilterOptions | undefined): EventFilter => {
  if (!filter) return EVERYTHING;
  const about = filter.hasStreamIdentifier() ? 'stream' : 'type';
  const expression = filter.getStreamIdentifier() ?? filter.getEventType();
  if (!expression) throw invalid('a filter is of stream names or of event types');
  const matches = matcher(expression);
  const window = filter.hasMax() ? filter.getMax() : WINDOW;
  return { wants: (event) => matches(event[about]), checkpointEvery: Math.max(1, window) * Math.max(1, filter.getCheckpointintervalmultiplier()) };
};

const matcher = (expression: ReadReq.Options.FilterOptions.Expression): ((text: string) => boolean) => {
  const pattern = expression.getRegex();
  const prefixes = expression.getPrefixList();
  if (pattern === '') {
    if (prefixes.length === 0) throw invalid('a filter has prefixes or a pattern');
    return (text) => prefixes.some((prefix) => text.startsWith(prefix));
  }
  if (pattern.length > PATTERN_MAX) throw invalid(`a pattern has at most ${PATTERN_MAX} characters`);
  // How some clients exclude: a look-ahead over the whole pattern, which RE2 lacks and which is simply a no.
  const excluded = /^\^\(\?!(.*)\)(?:\.\*\$?)?$/s.exec(pattern)?.[1];
  if (excluded !== undefined) {
    compile(excluded); // well-formed by itself, so that nothing of it lies outside the look-ahead
    const compiled = compile(`^(?:${excluded})`);
    return (text) => !compiled.test(text);
  }
  const compiled = compile(pattern);
  return (text) => compiled.test(text);
};

const compile = (pattern: string): RE2JS => {
  try {
    return new RE2JS(pattern);
  } catch (error) {
    throw invalid(`the pattern is none of RE2: ${error instanceof Error ? error.message : String(error)}`);
  }
};
