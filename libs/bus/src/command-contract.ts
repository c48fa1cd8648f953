import { type Json, ShapeError } from '@vouchsafe/codec';
import type { Soon } from '@vouchsafe/event-store';
import type { Details, Instant } from '@vouchsafe/kernel';
import type { CommandContract } from '@vouchsafe/contracts';
import type { Namespace } from '@vouchsafe/runtime';
import type { Bus, CommandEnvelope, CommandMessage, Direct, DirectCommand, Outcome, Serving } from './port.js';

export type Answer<Result> = { readonly ok: true; readonly result: Result } | { readonly ok: false; readonly code: string; readonly details: Details };

/** Sends a typed command and awaits its typed outcome, which may be there at once. Fault `SILENT` after `deadlineMs`. Rejects, never throws. */
export const ask = <C, Result>(
  bus: Bus, namespace: Namespace, contract: CommandContract<C, Result>, command: C, envelope: CommandEnvelope, deadlineMs: number,
): Soon<Answer<Result>> => {
  const outcome = bus.ask(new TypedCommand(namespace, contract, command, envelope), deadlineMs);
  return outcome instanceof Promise ? outcome.then((later) => answerOf(contract, later)) : answerOf(contract, outcome);
};

const answerOf = <C, Result>(contract: CommandContract<C, Result>, outcome: Outcome): Answer<Result> => {
  if (!outcome.ok) return outcome;
  const { direct } = outcome;
  return { ok: true, result: isOf(contract, direct) ? (direct.value as Result) : contract.result.read(outcome.result, 'result') };
};

/** A command whose JSON is made when somebody asks for it; within a process mostly nobody does. */
class TypedCommand<C, Result> implements CommandMessage {
  readonly id: string;
  readonly target: string;
  readonly key: string;
  readonly principal: string;
  readonly correlation: string;
  readonly trace: string | undefined;
  readonly sentAt: Instant;
  constructor(readonly namespace: Namespace, readonly contract: CommandContract<C, Result>, readonly value: C, readonly envelope: CommandEnvelope) {
    this.id = envelope.commandId;
    this.target = contract.target;
    this.key = contract.keyOf(value);
    this.principal = envelope.principal;
    this.correlation = envelope.correlation;
    this.trace = envelope.trace;
    this.sentAt = envelope.at;
  }
  get body(): Json {
    return { name: this.contract.name, data: this.contract.command.write(this.value) };
  }
  get direct(): DirectCommand {
    return this;
  }
}

class TypedOutcome<C, Result> {
  readonly ok = true;
  constructor(readonly commandId: string, readonly contract: CommandContract<C, Result>, readonly value: Result) {}
  get result(): Json {
    return this.contract.result.write(this.value);
  }
  get direct(): Direct {
    return this;
  }
}

const isOf = <D extends Direct>(contract: object, direct: D | undefined): direct is D => direct !== undefined && direct.contract === contract;

export type CommandCase = (message: CommandMessage) => Soon<Outcome>;
type Handling<C, Result> = (command: C, envelope: CommandEnvelope) => Soon<Answer<Result>>;

/**
 * One served command: `on(contract, handler)`; the handler answers with a result or a rejection and may throw faults. What is
 * not of the contract's shape is answered `COMMAND_UNKNOWN`.
 */
export const on = <C, Result>(contract: CommandContract<C, Result>, handler: Handling<C, Result>): readonly [string, CommandCase] => [
  contract.name,
  (message) => {
    try {
      const answer = handled(contract, handler, message);
      if (!(answer instanceof Promise)) return outcomeOf(contract, message, answer);
      return answer.then((later) => outcomeOf(contract, message, later), (error: unknown) => unreadable(message, contract.name, error));
    } catch (error) {
      return unreadable(message, contract.name, error);
    }
  },
];
type Body = { readonly name: string; readonly data: Json };

const handled = <C, Result>(contract: CommandContract<C, Result>, handler: Handling<C, Result>, message: CommandMessage): Soon<Answer<Result>> => {
  const { direct, id, correlation, principal, trace, sentAt } = message;
  const isDirect = isOf(contract, direct);
  // Whoever passed it on may have told it in a trace of his own.
  if (isDirect && direct.envelope.trace === trace) return handler(direct.value as C, direct.envelope);
  const command = isDirect ? (direct.value as C) : contract.command.read((message.body as Body).data, contract.name);
  return handler(command, { commandId: id, correlation, principal, at: sentAt, ...(trace !== undefined && { trace }) });
};
const outcomeOf = <C, Result>(contract: CommandContract<C, Result>, message: CommandMessage, answer: Answer<Result>): Outcome => {
  const commandId = message.id;
  if (!answer.ok) return { commandId, ok: false, code: answer.code, details: answer.details };
  if (message.direct) return new TypedOutcome(commandId, contract, answer.result);
  try {
    return { commandId, ok: true, result: contract.result.write(answer.result) };
  } catch (error) {
    return unreadable(message, contract.name, error);
  }
};
const unreadable = ({ id }: CommandMessage, name: string, error: unknown): Outcome => {
  if (!(error instanceof ShapeError)) throw error;
  return { commandId: id, ok: false, code: 'COMMAND_UNKNOWN', details: { name, at: error.path, expected: error.expected } };
};

/** Serves a target's commands by name; a command of an unknown name or shape is answered `COMMAND_UNKNOWN`. */
export const serveCommands = (bus: Bus, target: string, cases: readonly (readonly [string, CommandCase])[], how?: Serving): void => {
  const byName = new Map(cases);
  bus.serve(target, (message) => {
    const name = message.direct ? message.direct.contract.name : (message.body as Body).name;
    const known = byName.get(name);
    return known ? known(message) : { commandId: message.id, ok: false, code: 'COMMAND_UNKNOWN', details: { name } };
  }, how);
};
