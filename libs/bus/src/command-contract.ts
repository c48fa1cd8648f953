import { type Json, ShapeError } from '@vouchsafe/codec';
import type { Details, Instant } from '@vouchsafe/kernel';
import type { CommandContract } from '@vouchsafe/contracts';
import type { Namespace } from '@vouchsafe/runtime';
import type { Bus, CommandMessage, Direct, Outcome } from './port.js';

/** What every command carries besides its body. */
export type CommandEnvelope = {
  readonly commandId: string; readonly correlation: string; readonly principal: string; readonly trace?: string; readonly at: Instant;
};
export type Answer<Result> = { readonly ok: true; readonly result: Result } | { readonly ok: false; readonly code: string; readonly details: Details };

/** Sends a typed command and awaits its typed outcome. Fault `SILENT` after `deadlineMs`. */
export const ask = async <C, Result>(
  bus: Bus, namespace: Namespace, contract: CommandContract<C, Result>, command: C, envelope: CommandEnvelope, deadlineMs: number,
): Promise<Answer<Result>> => {
  const outcome = await bus.ask(new TypedCommand(namespace, contract, command, envelope), deadlineMs);
  if (!outcome.ok) return outcome;
  return { ok: true, result: isOf(contract, outcome.direct) ? (outcome.direct.value as Result) : contract.result.read(outcome.result, 'result') };
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
  readonly direct: Direct;
  constructor(readonly namespace: Namespace, readonly contract: CommandContract<C, Result>, readonly command: C, envelope: CommandEnvelope) {
    this.id = envelope.commandId;
    this.target = contract.target;
    this.key = contract.keyOf(command);
    this.principal = envelope.principal;
    this.correlation = envelope.correlation;
    this.trace = envelope.trace;
    this.sentAt = envelope.at;
    this.direct = { contract, value: command };
  }
  get body(): Json {
    return { name: this.contract.name, data: this.contract.command.write(this.command) };
  }
}

class TypedOutcome<C, Result> {
  readonly ok = true;
  readonly direct: Direct;
  constructor(readonly commandId: string, readonly contract: CommandContract<C, Result>, readonly value: Result) {
    this.direct = { contract, value };
  }
  get result(): Json {
    return this.contract.result.write(this.value);
  }
}

const isOf = (contract: object, direct: Direct | undefined): direct is Direct => direct !== undefined && direct.contract === contract;

export type CommandCase = (message: CommandMessage) => Promise<Outcome>;

/** One served command: `on(contract, handler)`; the handler answers with a result or a rejection and may throw faults. */
export const on = <C, Result>(
  contract: CommandContract<C, Result>,
  handler: (command: C, envelope: CommandEnvelope) => Promise<Answer<Result>>,
): readonly [string, CommandCase] => [
  contract.name,
  async (message) => {
    const { id, correlation, principal, trace, sentAt, direct } = message;
    const command = isOf(contract, direct) ? (direct.value as C) : contract.command.read((message.body as Body).data, contract.name);
    const answer = await handler(command, { commandId: id, correlation, principal, at: sentAt, ...(trace !== undefined && { trace }) });
    if (!answer.ok) return { commandId: id, ok: false, code: answer.code, details: answer.details };
    return direct ? new TypedOutcome(id, contract, answer.result) : { commandId: id, ok: true, result: contract.result.write(answer.result) };
  },
];
type Body = { readonly name: string; readonly data: Json };

/** Serves a target's commands by name; a command of an unknown name or shape is answered `COMMAND_UNKNOWN`. */
export const serveCommands = (bus: Bus, target: string, cases: readonly (readonly [string, CommandCase])[]): void => {
  const byName = new Map(cases);
  bus.serve(target, async (message) => {
    const name = message.direct ? message.direct.contract.name : (message.body as Body).name;
    const known = byName.get(name);
    if (!known) return { commandId: message.id, ok: false, code: 'COMMAND_UNKNOWN', details: { name } };
    try {
      return await known(message);
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
      return { commandId: message.id, ok: false, code: 'COMMAND_UNKNOWN', details: { name, at: error.path, expected: error.expected } };
    }
  });
};
