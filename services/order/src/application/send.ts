import { ask, type CommandEnvelope } from '@vouchsafe/bus';
import type { CommandContract } from '@vouchsafe/contracts';
import type { Soon } from '@vouchsafe/event-store';
import { type Details, Fault } from '@vouchsafe/kernel';
import type { OrderPorts } from './ports.js';

export type Sent<R> = { readonly ok: true; readonly result: R } | { readonly ok: false; readonly code: string; readonly details: Details };
/** Without a time it is sent now. */
export type SendEnvelope = CommandEnvelope | (Omit<CommandEnvelope, 'at'> & { readonly at?: undefined });
/**
 * Sends a command to another service; the answer may be there at once. Fault `SILENT` where no answer comes, `COMMAND_UNKNOWN`
 * where the other is another version. Throws or rejects.
 */
export type Send = <C, R>(contract: CommandContract<C, R>, body: C, envelope: SendEnvelope) => Soon<Sent<R>>;

export const sender = ({ bus, namespace, clock }: OrderPorts, deadlineMs: number): Send => (contract, body, envelope) => {
  const sent = ask(bus, namespace, contract, body, envelope.at === undefined ? { ...envelope, at: clock.now() } : envelope, deadlineMs);
  return sent instanceof Promise ? sent.then((later) => understood(contract, later)) : understood(contract, sent);
};
const understood = <C, R>(contract: CommandContract<C, R>, sent: Sent<R>): Sent<R> => {
  if (!sent.ok && sent.code === 'COMMAND_UNKNOWN') throw new Fault('COMMAND_UNKNOWN', `${contract.target} does not know ${contract.name}`);
  return sent;
};

/** The result of a command that cannot rightly be refused; a refusal is a Fault, to be tried again and told. */
export const granted = <R>(sent: Sent<R>, what: string): R => {
  if (sent.ok) return sent.result;
  throw new Fault(sent.code, `${what} was refused: ${sent.code}`);
};
