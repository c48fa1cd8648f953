import type { Log } from '@vouchsafe/runtime';
import { type DestinationStream, destination, type Level, type Logger, pino, stdTimeFunctions } from 'pino';
import { currentTrace } from './current-trace.js';
import { redacted } from './redact.js';
import { parseTraceparent } from './traceparent.js';

export type PinoLogOptions = {
  /** Lines below it are dropped; `silent` drops all. By default `warn`: quiet. */
  readonly level?: Level | 'silent';
  /** Of the service or program. */
  readonly name: string;
  /** Where lines go; by default to standard error, for standard output belongs to what a command answers. */
  readonly to?: DestinationStream;
};

const STDERR = 2;

/** A structured log, a line of JSON each; of what runs within a span with its `trace_id` and `span_id`. Secrets and personal data are masked by the names of their fields. */
export const pinoLog = ({ level = 'warn', name, to }: PinoLogOptions): Log =>
  new PinoLog(pino({ level, name, base: { pid: process.pid, name }, timestamp: stdTimeFunctions.isoTime, mixin: traceFields }, to ?? destination({ fd: STDERR, sync: true })));

/** Asked only for lines that are written. */
const traceFields = (): object => {
  const known = parseTraceparent(currentTrace());
  return known ? { trace_id: known.traceId, span_id: known.spanId } : {};
};

/** A line about a message names the message's own `trace`, for it may be written when nothing of it runs any more. */
const traced = (fields: object): object => {
  if (!('trace' in fields)) return fields;
  const { trace, ...others } = fields;
  const known = typeof trace === 'string' ? parseTraceparent(trace) : undefined;
  return known ? { ...others, trace_id: known.traceId, span_id: known.spanId } : others;
};

class PinoLog implements Log {
  readonly #logger: Logger;
  constructor(logger: Logger) {
    this.#logger = logger;
  }
  debug(fields: object, message: string): void {
    this.#write('debug', fields, message);
  }
  info(fields: object, message: string): void {
    this.#write('info', fields, message);
  }
  warn(fields: object, message: string): void {
    this.#write('warn', fields, message);
  }
  error(fields: object, message: string): void {
    this.#write('error', fields, message);
  }
  child(fields: object): Log {
    return new PinoLog(this.#logger.child(redacted(fields) as Record<string, unknown>));
  }

  /** Masked only where the line is written: below the level it costs a comparison. */
  #write(level: Level, fields: object, message: string): void {
    if (this.#logger.isLevelEnabled(level)) this.#logger[level](redacted(traced(fields)) as object, message);
  }
}
