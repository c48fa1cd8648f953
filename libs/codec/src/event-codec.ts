import type { Of } from '@vouchsafe/kernel';
import { type Json, readTagged, type Shape } from './shape.js';

/** An event as it is stored: a versioned wire name and its JSON. */
export type Encoded = { readonly type: string; readonly data: Json };

/**
 * Between a domain's event union and its stored form. `decode` gives undefined for a type it does not know: whoever
 * decides from the stream must then refuse (this binary is too old), whoever watches counts and skips it.
 */
export type EventCodec<E extends { readonly type: string }> = {
  readonly context: string;
  readonly encode: (event: E) => Encoded;
  readonly decode: (type: string, data: unknown) => E | undefined;
  /** Whether a stored type is an integration event and gets a `pub` number. */
  readonly isPublished: (type: string) => boolean;
  /** All wire names this binary reads, old versions included. */
  readonly types: readonly string[];
};

type Upcast = (older: Json) => Json;
/** One event's shape: its newest version, older versions' upcasters (each to the next), whether others hear of it. */
export type EventSpec<T> = {
  readonly version: number;
  readonly shape: Shape<T>;
  readonly published?: boolean;
  /** `upcasts[1]` turns the JSON of v1 into that of v2. */
  readonly upcasts?: Readonly<Record<number, Upcast>>;
};

export type EventSpecs<E extends { readonly type: string }> = { readonly [T in E['type']]: EventSpec<Omit<Of<E, T>, 'type'>> };

type Decoder<E> = (data: unknown) => E;
const decoderOf = <E>(name: string, spec: EventSpec<unknown>, from: number): Decoder<E> => (data) => {
  let json = data as Json;
  for (let version = from; version < spec.version; version++) json = spec.upcasts![version]!(json);
  return readTagged(spec.shape, name, json, '') as E;
};

/** Codec of one context's events. Wire name: `<context>.<Event>.v<n>`. */
export const eventCodec = <E extends { readonly type: string }>(context: string, specs: EventSpecs<E>): EventCodec<E> => {
  const decoders = new Map<string, Decoder<E>>();
  const published = new Set<string>();
  const newest = new Map<string, { type: string; shape: Shape<unknown> }>();
  for (const [name, spec] of Object.entries(specs) as [string, EventSpec<unknown>][]) {
    newest.set(name, { type: `${context}.${name}.v${spec.version}`, shape: spec.shape });
    for (let version = 1; version <= spec.version; version++) {
      if (version < spec.version && !spec.upcasts?.[version]) continue;
      const type = `${context}.${name}.v${version}`;
      decoders.set(type, decoderOf<E>(name, spec, version));
      if (spec.published) published.add(type);
    }
  }
  return {
    context,
    encode: (event) => {
      const { type, shape } = newest.get(event.type)!;
      return { type, data: shape.write(event) };
    },
    decode: (type, data) => decoders.get(type)?.(data),
    isPublished: (type) => published.has(type),
    types: [...decoders.keys()],
  };
};
