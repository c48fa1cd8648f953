import { type Json, ShapeError } from '@vouchsafe/codec';
import type { Details, Instant } from '@vouchsafe/kernel';
import type { CommandContract } from '@vouchsafe/contracts';
import type { Namespace } from '@vouchsafe/runtime';
import type { Bus, CommandMessage, Outcome } from './port.js';

/** What every command carries besides its body. */
export type CommandEnvelope = {
  readonly commandId: string; readonly correlation: string; readonly principal: string; readonly trace?: string; readonly at: Instant;
};
export type Answer<Result> = { readonly ok: true; readonly result: Result } | { readonly ok: false; readonly code: string; readonly details: Details };

/** Sends a typed command and awaits its typed outcome. Fault `SILENT` after `deadlineMs`. */
export const ask = async <C, Result>(
  bus: Bus, namespace: Namespace, contract: CommandContract<C, Result>, command: C, envelope: CommandEnvelope, deadlineMs: number,
): Promise<Answer<Result>> => {
  const { commandId, correlation, principal, trace, at } = envelope;
  const outcome = await bus.ask(
    {
      id: commandId, target: contract.target, key: contract.keyOf(command), namespace, principal, correlation,
      body: { name: contract.name, data: contract.command.write(command) }, sentAt: at, ...(trace !== undefined && { trace }),
    },
    deadlineMs,
  );
  return outcome.ok ? { ok: true, result: contract.result.read(outcome.result, 'result') } : outcome;
};

export type CommandCase = (message: CommandMessage, data: unknown) => Promise<Outcome>;

/** One served command: `on(contract, handler)`; the handler answers with a result or a rejection and may throw faults. */
export const on = <C, Result>(
  contract: CommandContract<C, Result>,
  handler: (command: C, envelope: CommandEnvelope) => Promise<Answer<Result>>,
): readonly [string, CommandCase] => [
  contract.name,
  async (message, data) => {
    const { id, correlation, principal, trace, sentAt } = message;
    const command = contract.command.read(data, contract.name);
    const answer = await handler(command, { commandId: id, correlation, principal, at: sentAt, ...(trace !== undefined && { trace }) });
    if (!answer.ok) return { commandId: id, ok: false, code: answer.code, details: answer.details };
    return { commandId: id, ok: true, result: contract.result.write(answer.result) };
  },
];

/** Serves a target's commands by name; a command of an unknown name or shape is answered `COMMAND_UNKNOWN`. */
export const serveCommands = (bus: Bus, target: string, cases: readonly (readonly [string, CommandCase])[]): void => {
  const byName = new Map(cases);
  bus.serve(target, async (message) => {
    const { name, data } = message.body as { name: string; data: Json };
    const known = byName.get(name);
    if (!known) return { commandId: message.id, ok: false, code: 'COMMAND_UNKNOWN', details: { name } };
    try {
      return await known(message, data);
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
      return { commandId: message.id, ok: false, code: 'COMMAND_UNKNOWN', details: { name, at: error.path, expected: error.expected } };
    }
  });
};
