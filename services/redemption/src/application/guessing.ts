import type { Envelope, Soon } from '@vouchsafe/event-store';
import type { Instant } from '@vouchsafe/kernel';
import type { Clock } from '@vouchsafe/runtime';
import { type Guesses, type GuessLimits, mayPresent } from '../domain/guess.js';
import { Permits } from './permits.js';
import type { GuessHost } from './ports.js';
import { whenThere } from './soon.js';

/** A till that may not present codes now: until a moment, or (undefined) until a person unlocks it. */
export type Shut = { readonly ok: false; readonly code: 'TERMINAL_LOCKED' | 'TERMINAL_SLOWED'; readonly until: Instant | undefined };
type Checked = { readonly ok: true; readonly left: number } | Shut;
export type GuessOptions = {
  readonly guesses: GuessHost; readonly clock: Clock; readonly limitsOf: (till: string) => GuessLimits;
  /** Answers to wrong codes come this long after the question, whatever was wrong. */
  readonly wrongAfterMs: number;
};

/**
 * Stands before every look-up of a presented code: a till that guesses is slowed, then locked. No more codes are evaluated at
 * once than the till has free wrong ones left (one, when it has none), so that a thousand guesses sent together get no further than one after the other.
 */
export const guessGuard = ({ guesses, clock, limitsOf, wrongAfterMs }: GuessOptions) => {
  const permits = new Permits();
  const streamOf = (till: string): string => `guess-${till}`;
  const check = (till: string): Soon<Checked> => whenThere(guesses.look(streamOf(till)), ({ state }) => judged(till, state));
  const judged = (till: string, state: Guesses): Checked => {
    const may = mayPresent(state, clock.now());
    if (!may.ok) return { ok: false, code: may.until === undefined ? 'TERMINAL_LOCKED' : 'TERMINAL_SLOWED', until: may.until };
    return { ok: true, left: Math.max(1, limitsOf(till).free - state.wrong.length) };
  };
  return {
    /** Runs `evaluate`; `noted` names who is noted for a guess. Where it finds nothing (undefined) that was a guess, noted, and answered late. */
    async present<T>(till: string, noted: () => Omit<Envelope, 'at'>, evaluate: () => Promise<T | undefined>): Promise<{ readonly ok: true; readonly found: T } | Shut | { readonly ok: false; readonly code: 'VOUCHER_NOT_VALID' }> {
      const startedMs = clock.monotonicMs();
      const checked = check(till);
      const first = checked instanceof Promise ? await checked : checked;
      if (!first.ok) return first;
      const free = permits.take(till, first.left);
      const permit = free instanceof Promise ? await free : free;
      try {
        const still = permit.waited ? await check(till) : first;
        if (!still.ok) return still;
        const found = await evaluate();
        if (found !== undefined) return { ok: true, found };
        const at = clock.now();
        await guesses.handle(streamOf(till), { type: 'NoteWrongCode', limits: limitsOf(till), at }, { ...noted(), at });
      } finally {
        permit.done();
      }
      await clock.sleep(Math.max(0, startedMs + wrongAfterMs - clock.monotonicMs()));
      return { ok: false, code: 'VOUCHER_NOT_VALID' };
    },
    /** Opens a locked or slowed till; false: it was open. */
    async unlock(till: string, reason: string, envelope: Envelope): Promise<boolean> {
      const done = await guesses.handle(streamOf(till), { type: 'Unlock', reason, at: envelope.at }, envelope);
      return done.ok && done.events.length > 0;
    },
    async isShut(till: string): Promise<boolean> {
      return !(await check(till)).ok;
    },
  };
};
export type GuessGuard = ReturnType<typeof guessGuard>;
