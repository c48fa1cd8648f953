import type { Entry, HttpBinding } from '../../application/method-table.js';
import { invariant } from '@vouchsafe/kernel';

export type Route = { readonly entry: Entry; readonly binding: HttpBinding };
export type Match = { readonly route: Route; /** Field path → text, decoded. */ readonly params: Readonly<Record<string, string>> };
export type Found = Match | { readonly allowed: readonly string[] } | undefined;

type Param = { readonly field: string; readonly rest: boolean };
type Segment = string | Param;
type Template = { readonly segments: readonly Segment[]; readonly verb: string };
type Leaf = { readonly route: Route; readonly names: readonly string[] };
/** A node's routes by custom verb (`cancel` of `:cancel`, or none) and HTTP method. */
type Node = { readonly literals: Map<string, Node>; param?: Node; rest?: Node; readonly leaves: Map<string, Map<string, Leaf>> };

/** `/v1/orders/{order_id}:cancel` taken apart (google.api.http). */
export const parseTemplate = (template: string): Template => {
  const [, path = '', verb = ''] = /^\/(.*?)(?::([A-Za-z][A-Za-z0-9]*))?$/.exec(template) ?? [];
  const segments = path.split('/').map((text): Segment => {
    const [, field, pattern] = /^\{([A-Za-z0-9_.]+)(?:=(.+))?\}$/.exec(text) ?? [];
    if (field === undefined) return text;
    invariant(pattern === undefined || pattern === '*' || pattern === '**', `a path field takes one segment or all that follow: ${template}`);
    return { field, rest: pattern === '**' };
  });
  return { segments, verb };
};

/** Finds the method of an HTTP request. Literal segments win over fields; a path that exists under other methods tells which. */
export class Router {
  readonly #root: Node = node();

  constructor(entries: readonly Entry[]) {
    for (const entry of entries) for (const binding of entry.bindings) this.#add({ entry, binding });
  }

  #add(route: Route): void {
    const { segments, verb } = parseTemplate(route.binding.template);
    let at = this.#root;
    const names: string[] = [];
    for (const segment of segments) {
      if (typeof segment === 'string') at = child(at.literals, segment);
      else {
        names.push(segment.field);
        at = segment.rest ? (at.rest ??= node()) : (at.param ??= node());
      }
    }
    const methods = at.leaves.get(verb) ?? new Map<string, Leaf>();
    at.leaves.set(verb, methods);
    const taken = methods.get(route.binding.verb);
    invariant(!taken, `${route.binding.verb} ${route.binding.template} is claimed by ${taken?.route.entry.name ?? ''} and ${route.entry.name}`);
    methods.set(route.binding.verb, { route, names });
  }

  /** `path` as sent, without the query. URIError where an escape in it is broken. */
  find(method: string, path: string): Found {
    const colon = path.lastIndexOf(':');
    const verbed = colon > path.lastIndexOf('/') ? { path: path.slice(0, colon), verb: path.slice(colon + 1) } : undefined;
    const first = verbed && this.#match(method, verbed.path, verbed.verb);
    if (first && 'route' in first) return first;
    const plain = this.#match(method, path, '');
    if (plain && 'route' in plain) return plain;
    return first ?? plain;
  }

  #match(method: string, path: string, verb: string): Found {
    const texts = path.split('/').slice(1);
    const values: string[] = [];
    const methods = walk(this.#root, texts, { i: 0, verb, values });
    if (!methods) return undefined;
    const leaf = methods.get(method);
    if (!leaf) return { allowed: [...methods.keys()] };
    return { route: leaf.route, params: Object.fromEntries(leaf.names.map((name, i) => [name, decodeURIComponent(values[i]!)])) };
  }
}

const node = (): Node => ({ literals: new Map(), leaves: new Map() });
const child = (children: Map<string, Node>, name: string): Node => {
  let found = children.get(name);
  if (!found) children.set(name, (found = node()));
  return found;
};

type Walk = { readonly i: number; readonly verb: string; readonly values: string[] };
/** Depth first: a literal, else a field, else the rest; a path has few segments. */
const walk = (at: Node, texts: readonly string[], { i, verb, values }: Walk): Map<string, Leaf> | undefined => {
  if (i === texts.length) return at.leaves.get(verb);
  const text = texts[i]!;
  const literal = at.literals.get(text);
  const found = literal && walk(literal, texts, { i: i + 1, verb, values });
  if (found) return found;
  const { length } = values;
  if (at.param && text !== '') {
    values.push(text);
    const deeper = walk(at.param, texts, { i: i + 1, verb, values });
    if (deeper) return deeper;
    values.length = length;
  }
  const leaves = at.rest?.leaves.get(verb);
  if (leaves) values.push(texts.slice(i).join('/'));
  return leaves;
};
