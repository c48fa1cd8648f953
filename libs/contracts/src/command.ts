import type { Shape } from '@vouchsafe/codec';

/** A command that one context takes from others: its name, its shape, its answer, what it may be refused with. */
export type CommandContract<C, Result, R extends string = string> = {
  /** Owning context, e.g. `inventory`. */
  readonly target: string;
  readonly name: string;
  readonly command: Shape<C>;
  readonly result: Shape<Result>;
  /** Commands of one key keep their order. */
  readonly keyOf: (command: C) => string;
  readonly rejections: readonly R[];
};

export const commandContract = <C, Result, const R extends string>(contract: CommandContract<C, Result, R>): CommandContract<C, Result, R> => contract;
export type CommandOf<K> = K extends CommandContract<infer C, infer _Result, infer _R> ? C : never;
export type ResultOf<K> = K extends CommandContract<infer _C, infer Result, infer _R> ? Result : never;
export type RejectionOf<K> = K extends CommandContract<infer _C, infer _Result, infer R> ? R : never;
