import { accept, type Decider, type Decision, type Instant, type Message, plusMs, reject } from '@vouchsafe/kernel';

/** How many wrong codes a till may present. Wrong codes older than `windowMs` are forgotten. */
export type GuessLimits = {
  /** Wrong codes that cost nothing. */
  readonly free: number;
  /** The till is locked with this many in the window, until a person unlocks it. */
  readonly lockAt: number;
  readonly windowMs: number;
  /** Pause after the first wrong code beyond `free`; doubled with each further one, up to `pauseMaxMs`. */
  readonly pauseMs: number; readonly pauseMaxMs: number;
};
export type GuessCommand =
  | Message<'NoteWrongCode', { limits: GuessLimits; at: Instant }>
  | Message<'Unlock', { reason: string; at: Instant }>;
export type GuessEvent =
  | Message<'WrongCodePresented', { pausedUntil?: Instant; forgetBefore: Instant; at: Instant }>
  | Message<'TerminalLocked', { at: Instant }>
  | Message<'TerminalUnlocked', { reason: string; at: Instant }>;
export type GuessRejection = 'TERMINAL_LOCKED';
export type Guesses = { readonly wrong: readonly Instant[]; readonly pausedUntil?: Instant; readonly locked: boolean };

const decide = (command: GuessCommand, guesses: Guesses): Decision<GuessEvent, GuessRejection> => {
  switch (command.type) {
    case 'NoteWrongCode': return guesses.locked ? reject('TERMINAL_LOCKED') : noteWrong(command.limits, command.at, guesses);
    case 'Unlock': return guesses.wrong.length === 0 && !guesses.locked ? accept() : accept({ type: 'TerminalUnlocked', reason: command.reason, at: command.at });
  }
};
const noteWrong = (limits: GuessLimits, at: Instant, guesses: Guesses): Decision<GuessEvent, GuessRejection> => {
  const forgetBefore = plusMs(at, -limits.windowMs);
  const count = guesses.wrong.filter((then) => then >= forgetBefore).length + 1;
  const pause = count > limits.free ? Math.min(limits.pauseMs * 2 ** (count - limits.free - 1), limits.pauseMaxMs) : 0;
  const wrong: GuessEvent = { type: 'WrongCodePresented', ...(pause > 0 && { pausedUntil: plusMs(at, pause) }), forgetBefore, at };
  return count >= limits.lockAt ? accept<GuessEvent>(wrong, { type: 'TerminalLocked', at }) : accept(wrong);
};
const evolve = (guesses: Guesses, event: GuessEvent): Guesses => {
  switch (event.type) {
    case 'WrongCodePresented':
      return {
        locked: guesses.locked, wrong: [...guesses.wrong.filter((then) => then >= event.forgetBefore), event.at],
        ...(event.pausedUntil !== undefined && { pausedUntil: event.pausedUntil }),
      };
    case 'TerminalLocked': return { ...guesses, locked: true };
    case 'TerminalUnlocked': return { wrong: [], locked: false };
  }
};

/** Whether a till may present a code now; else until when it waits (`undefined`: until a person unlocks it). */
export const mayPresent = ({ locked, pausedUntil }: Guesses, at: Instant): { readonly ok: true } | { readonly ok: false; readonly until: Instant | undefined } => {
  if (locked) return { ok: false, until: undefined };
  return pausedUntil !== undefined && at < pausedUntil ? { ok: false, until: pausedUntil } : { ok: true };
};

/** Wrong codes of one till: they slow it, then lock it; never the code, or anyone could lock out its holder. Stream `guess-<till>`. */
export const guessDecider: Decider<Guesses, GuessCommand, GuessEvent, GuessRejection> = { decide, evolve, initial: { wrong: [], locked: false } };
