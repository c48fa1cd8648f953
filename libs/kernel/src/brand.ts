declare const brand: unique symbol;
/** A primitive that only its own constructor makes, so that two ids cannot be mixed up. */
export type Brand<T, B extends string> = T & { readonly [brand]: B };
