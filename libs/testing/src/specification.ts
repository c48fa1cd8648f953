import { type Decider, type Decision, type Details, invariant } from '@vouchsafe/kernel';

type Outcome<E, R extends string> = {
  /** Exactly these events, whole. None: "already so". */
  then(...events: readonly E[]): void;
  /** Refused with this code; `details` compared only where given. */
  rejected(code: R, details?: Details): void;
};

/** given/when/then over one decider; events are compared whole. */
export const specification = <S, C, E, R extends string>({ decide, evolve, initial }: Decider<S, C, E, R>) => {
  const fold = (events: readonly E[]): S => events.reduce(evolve, initial);
  const outcome = (decision: Decision<E, R>): Outcome<E, R> => ({
    then: (...events) => expect(decision).toEqual({ ok: true, events }),
    rejected: (code, details) => {
      expect(decision).toMatchObject({ ok: false, code });
      if (details) expect(decision).toEqual({ ok: false, code, details });
    },
  });
  return {
    given: (...events: readonly E[]) => ({ when: (command: C): Outcome<E, R> => outcome(decide(command, fold(events))), state: () => fold(events) }),
    /** Folds `past`, then decides and folds each command in turn; refused ones change nothing. */
    run: (past: readonly E[], commands: readonly C[]): S => {
      let state = fold(past);
      for (const command of commands) {
        const decision = decide(command, state);
        if (decision.ok) state = decision.events.reduce(evolve, state);
      }
      invariant(state !== undefined, 'a fold has a state');
      return state;
    },
  };
};
