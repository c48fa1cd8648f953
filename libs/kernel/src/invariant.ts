/** A broken assumption of ours. Thrown by {@link invariant}; caught only at the edge, where it becomes INTERNAL. */
export class Bug extends Error {
  override readonly name = 'Bug';
}

/** Throws a {@link Bug} unless `condition` holds. `message` names the rule, never a value a person typed. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Bug(message);
}
