/** A figure per combination of label values. */
export type Counted = { with(...values: readonly string[]): { inc(by?: number): void } };
/** A value read when it is asked for. */
export type Figure = { readonly labels: readonly string[]; readonly value: number };

/** Figures a service tells operation of. Label values are few, and never secrets or personal data. */
export interface Figures {
  counter(name: string, help: string, labels: readonly string[]): Counted;
  /** Read at every fetch. */
  read(name: string, help: string, options: { readonly labels: readonly string[]; readonly values: () => readonly Figure[] }): void;
}

/** Figures nobody asks for (tests, local commands). */
export const noFigures: Figures = { counter: () => ({ with: () => ({ inc: () => {} }) }), read: () => {} };
