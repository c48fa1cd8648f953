import type { Bus, CommandMessage, EventMessage, Outcome } from '@vouchsafe/bus';
import type { Tracing } from '@vouchsafe/telemetry';

/**
 * A bus whose commands are spans: one of the asker, under what it does, and under it one of whoever handles the command, in whose
 * trace everything goes on that it causes. An event is handled in the trace that recorded it. The bus itself where tracing is off.
 */
export const tracedBus = (bus: Bus, tracing: Tracing): Bus => {
  if (!tracing.enabled) return bus;
  return {
    parking: bus.parking, publish: (events) => bus.publish(events), servePublished: (...args) => bus.servePublished(...args), readPublished: (...args) => bus.readPublished(...args),
    start: () => bus.start(), stop: () => bus.stop(),
    ask: (message, deadlineMs) => tracing.inSpan(`ask ${nameOf(message)}`, { kind: 'producer', parent: message.trace, attributes: aboutCommand(message) }, async (span): Promise<Outcome> => bus.ask(commandIn(message, span.traceparent), deadlineMs)),
    serve: (target, handler, how) => bus.serve(target, (message) => tracing.inSpan(`handle ${nameOf(message)}`, { kind: 'consumer', parent: message.trace, attributes: aboutCommand(message) }, async (span) => {
      const outcome = await handler(commandIn(message, span.traceparent));
      span.set('command.outcome', outcome.ok ? 'ok' : outcome.code);
      return outcome;
    }), how),
    subscribe: (group, contexts, handler, skip) => bus.subscribe(group, contexts, (event) => {
      if (event.trace === undefined) return handler(event);
      return tracing.inSpan(`take ${event.type}`, { kind: 'consumer', parent: event.trace, attributes: aboutEvent(group, event) }, (span) => handler(span.traceparent === undefined ? event : { ...event, trace: span.traceparent }));
    }, skip),
  };
};

const nameOf = (message: CommandMessage): string => {
  const { target, direct } = message;
  const name = direct ? direct.contract.name : (message.body as { readonly name?: unknown } | null)?.name;
  return `${target} ${typeof name === 'string' ? name : 'command'}`;
};
const aboutCommand = ({ id, correlation }: CommandMessage) => ({ 'command.id': id, 'vouchsafe.correlation': correlation });
const aboutEvent = (group: string, { id, correlation, context, pub }: EventMessage) => ({ 'event.id': id, 'event.context': context, 'event.pub': pub, 'vouchsafe.group': group, 'vouchsafe.correlation': correlation });

/** The same command, told in another's trace. */
const commandIn = (message: CommandMessage, trace: string | undefined): CommandMessage => {
  if (trace === undefined) return message;
  const { id, target, key, namespace, principal, correlation, sentAt, direct } = message;
  return { id, target, key, namespace, principal, correlation, sentAt, trace, ...(direct && { direct: directIn(direct, trace) }), get body() { return message.body; } };
};
const directIn = <D extends object>(direct: D, trace: string): D => ('envelope' in direct ? { ...direct, envelope: { ...(direct.envelope as object), trace } } : direct);
