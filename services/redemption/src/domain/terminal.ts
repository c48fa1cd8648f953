import { accept, type Decider, type Decision, type Details, type Instant, type Message, type Of, PersistentMap, reject } from '@vouchsafe/kernel';

/** What a till's own number (or request id) was used for. `grant`: the chunk's stream, which then decides. */
export type ClaimedUse = { readonly key: string; readonly fingerprint: string; readonly redemptionId: string; readonly grant: string; readonly place: number };
export type TerminalCommand =
  | Message<'Claim', ClaimedUse & { readonly at: Instant }>
  | Message<'RecordRefusal', { key: string; code: string; details: Details; at: Instant }>;
export type TerminalEvent =
  | Message<'SequenceClaimed', ClaimedUse & { readonly at: Instant }>
  | Message<'SequenceRefused', { key: string; code: string; details: Details; at: Instant }>;
export type TerminalRejection = 'SEQUENCE_REUSED' | 'SEQUENCE_UNKNOWN';
export type TerminalClaim = ClaimedUse & { readonly at: Instant; readonly refusal?: { readonly code: string; readonly details: Details } };
/** One day of one till. */
export type Terminal = { readonly claims: PersistentMap<string, TerminalClaim> };

const decide = (command: TerminalCommand, { claims }: Terminal): Decision<TerminalEvent, TerminalRejection> => {
  const known = claims.get(command.key);
  switch (command.type) {
    case 'Claim': return claim(command, known);
    case 'RecordRefusal':
      if (!known) return reject('SEQUENCE_UNKNOWN');
      return known.refusal ? accept() : accept({ ...command, type: 'SequenceRefused' });
  }
};
/** The first to use a number owns it; the same again is a repeat, anything else under it a mistake of the till. */
const claim = (command: Of<TerminalCommand, 'Claim'>, known: TerminalClaim | undefined): Decision<TerminalEvent, TerminalRejection> => {
  if (!known) return accept({ ...command, type: 'SequenceClaimed' });
  return known.fingerprint === command.fingerprint ? accept() : reject('SEQUENCE_REUSED');
};
const evolve = ({ claims }: Terminal, event: TerminalEvent): Terminal => {
  switch (event.type) {
    case 'SequenceClaimed': return { claims: claims.set(event.key, event) };
    case 'SequenceRefused': {
      const known = claims.get(event.key);
      return known ? { claims: claims.set(event.key, { ...known, refusal: { code: event.code, details: event.details } }) } : { claims };
    }
  }
};

/** Uses of a till's numbers on one day, each claimed before the grant decides. Stream `terminal-<till>_<day>`. */
export const terminalDecider: Decider<Terminal, TerminalCommand, TerminalEvent, TerminalRejection> = { decide, evolve, initial: { claims: PersistentMap.empty() } };
