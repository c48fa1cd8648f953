import { inspect } from 'node:util';
import type { Bus } from '@vouchsafe/bus';
import type { Log } from '@vouchsafe/runtime';
import { formatTraceparent, type Tracing } from '@vouchsafe/telemetry';

/** A log that keeps every line of every level as it was given, before anything is masked. */
export const keepingLog = (lines: string[], above: object = {}): Log => {
  const keep = (level: string) => (fields: object, message: string): void => void lines.push(`${level} ${message} ${inspect({ ...above, ...fields }, { depth: 12, breakLength: Infinity, maxStringLength: Infinity, maxArrayLength: Infinity })}`);
  return { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error'), child: (fields) => keepingLog(lines, { ...above, ...fields }) };
};

/** Tracing that keeps names, attributes and ends of all spans. */
export const keepingTracing = (spans: string[]): Tracing => {
  let spanId = 0;
  const begin = (name: string, attributes: object, parent: string | undefined): string => {
    spans.push(`${name} ${JSON.stringify(attributes)} ${parent ?? ''}`);
    return formatTraceparent({ traceId: 'f'.repeat(32), spanId: String(++spanId).padStart(16, '0'), sampled: true });
  };
  return {
    enabled: true,
    inSpan: async (name, { attributes = {}, parent }, work) => {
      const traceparent = begin(name, attributes, parent);
      try {
        return await work({ traceparent, set: (attribute, value) => void spans.push(`${name} ${attribute}=${value}`) });
      } catch (error) {
        spans.push(`${name} failed ${inspect(error)}`);
        throw error;
      }
    },
    start: (name, attributes, parent, more = {}) => ({ traceparent: begin(name, { ...attributes, ...more }, parent), end: (outcome) => void spans.push(`${name} ${JSON.stringify(outcome)}`) }),
    stop: async () => {},
  };
};

const plainly = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);

/** Keeps every command, outcome and event that passes a bus from now on, as its wire would carry it. */
export const overhear = (bus: Bus, messages: string[]): void => {
  const [ask, publish] = [bus.ask.bind(bus), bus.publish.bind(bus)];
  const keep = (message: object): void => void messages.push(JSON.stringify({ ...message, direct: undefined }, plainly));
  bus.ask = async (message, deadlineMs) => {
    keep({ ...message, body: message.body }); // made when it is asked for, where both are in one process
    const outcome = await ask(message, deadlineMs);
    keep(outcome.ok ? { ...outcome, result: outcome.result } : outcome);
    return outcome;
  };
  bus.publish = (events) => {
    for (const event of events) keep(event);
    return publish(events);
  };
};
