import type { Caller, CallContext } from '@vouchsafe/rpc';
import type { Envelope, Soon } from '@vouchsafe/event-store';
import type { Chunk } from '../domain/chunk.js';
import type { TerminalFacts, Terminals } from '../application/ports.js';
import { whenThere } from '../application/soon.js';
import { failure } from './fields.js';

/** People and services of the platform's own side. */
export const isStaff = ({ kind }: Caller): boolean => kind === 'person' || kind === 'service' || kind === 'auditor';
/** Whose numbers and guesses are counted: the terminal, or else the principal. A sequence counts only from its own credential. */
export const tillOf = ({ terminalId, principalId }: Caller): string => terminalId ?? principalId;
/** A channel sees vouchers of its own orders, staff and terminals all. */
export const maySee = (caller: Caller, { grant }: Chunk): boolean =>
  grant !== undefined && (caller.kind !== 'channel' || (caller.channelId !== undefined && caller.channelId === grant.channelId));

export const actorOf = ({ caller, trace }: CallContext): Pick<Envelope, 'principal' | 'trace'> => ({ principal: caller.principalId, trace });

/** The terminal a call is made at: the caller's own, or the one that staff name. Undefined: none. */
export const terminalOf = (caller: Caller, named: string, terminals: Terminals): Soon<TerminalFacts | undefined> => {
  const terminalId = caller.terminalId ?? (isStaff(caller) ? named : '');
  return terminalId === '' ? undefined : whenThere(terminals.factsOf(terminalId), mayServe);
};
const mayServe = (facts: TerminalFacts | undefined): TerminalFacts => {
  if (!facts) throw failure('TERMINAL_UNKNOWN');
  if (!facts.active) throw failure('TERMINAL_INACTIVE');
  return facts;
};
