import { ask } from '@vouchsafe/bus';
import type { CommandContract } from '@vouchsafe/contracts';
import { type Details, Fault } from '@vouchsafe/kernel';
import type { OrderPorts } from './ports.js';

export type Sent<R> = { readonly ok: true; readonly result: R } | { readonly ok: false; readonly code: string; readonly details: Details };
export type SendEnvelope = { readonly commandId: string; readonly correlation: string; readonly principal: string; readonly trace?: string };
/** Sends a command to another service. Fault `SILENT` where no answer comes, `COMMAND_UNKNOWN` where the other is another version. */
export type Send = <C, R>(contract: CommandContract<C, R>, body: C, envelope: SendEnvelope) => Promise<Sent<R>>;

export const sender = ({ bus, namespace, clock }: OrderPorts, deadlineMs: number): Send => async (contract, body, envelope) => {
  const answer = await ask(bus, namespace, contract, body, { ...envelope, at: clock.now() }, deadlineMs);
  if (!answer.ok && answer.code === 'COMMAND_UNKNOWN') throw new Fault('COMMAND_UNKNOWN', `${contract.target} does not know ${contract.name}`);
  return answer;
};

/** The result of a command that cannot rightly be refused; a refusal is a Fault, to be tried again and told. */
export const granted = <R>(sent: Sent<R>, what: string): R => {
  if (sent.ok) return sent.result;
  throw new Fault(sent.code, `${what} was refused: ${sent.code}`);
};
