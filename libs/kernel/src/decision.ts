/** A tagged record: a command, an event or a fact. `type` is the tag, the rest is data. */
export type Message<T extends string, D extends object = Record<never, never>> = Readonly<{ type: T }> & Readonly<D>;

/** The member of union `M` whose tag is `T`. */
export type Of<M extends { readonly type: string }, T extends M['type']> = Extract<M, { readonly type: T }>;

/** Words for a person beside a rejection's code; strings only, no secrets, no personal data. */
export type Details = Readonly<Record<string, string>>;

export type Accepted<E> = { readonly ok: true; readonly events: readonly E[] };
export type Rejected<R extends string = string> = { readonly ok: false; readonly code: R; readonly details: Details };
/** What a decider says: new events (none = "already so"), or a reason why not. */
export type Decision<E, R extends string = string> = Accepted<E> | Rejected<R>;

/** Yes. Without events: what was asked for is already so. */
export const accept = <E>(...events: readonly E[]): Accepted<E> => ({ ok: true, events });

/** No, with a code of the decider's rejection union. */
export const reject = <R extends string>(code: R, details: Details = {}): Rejected<R> => ({ ok: false, code, details });

/**
 * A decision that is a deterministic function of command and past. `decide` never throws, awaits, reads a clock or mints
 * an id; `evolve` cannot refuse and mutates nothing.
 */
export type Decider<S, C, E, R extends string = string> = {
  readonly decide: (command: C, state: S) => Decision<E, R>;
  readonly evolve: (state: S, event: E) => S;
  readonly initial: S;
};
