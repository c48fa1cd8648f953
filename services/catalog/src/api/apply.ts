import { create, type DescMessage, type Message, type MessageShape, toJson } from '@bufbuild/protobuf';
import {
  type ApplyCatalogRequest, ApplyCatalogResponse_Action as Action, type ApplyCatalogResponse_Change, ApplyCatalogResponse_ChangeSchema,
  type ApplyCatalogResponse, ApplyCatalogResponseSchema, type CatalogDocument, CatalogDocumentSchema,
} from '@vouchsafe/proto/catalog/v1/catalog';
import { type CallContext, failureOf, type FieldError, RpcFailure } from '@vouchsafe/rpc';
import type { CatalogueMemory } from '../application/catalogue-memory.js';
import type { Saved } from '../application/records.js';
import { instant } from '@vouchsafe/kernel';
import { problemsOf } from '../domain/consistency.js';
import { KINDS, type Kind, type Specs } from '../domain/kinds.js';
import { sameData } from '../domain/versioned.js';
import { mapped } from './foreign.js';
import { type CrudPorts, envelopeOf } from './crud.js';
import { catalogErrors } from './errors.js';
import { Reading } from './reading.js';
import { RESOURCES } from './resources/all.js';

/** One record of the document, parsed. `index`: its place in its list. */
type Item<K extends Kind> = { readonly kind: K; readonly pointer: string; readonly id: string; readonly spec: Specs[K] };
type AnyItem = { [K in Kind]: Item<K> }[Kind];
const RECORDS_MAX = 20_000;

/** Brings the catalogue to what a document says. A document with a problem changes nothing; applied twice it changes nothing the second time. */
export class Applying {
  constructor(readonly ports: CrudPorts) {}

  async apply({ document, foreign, validateOnly, requestId }: ApplyCatalogRequest, context: CallContext): Promise<ApplyCatalogResponse> {
    const doc = foreign ? mapped(foreign) : (document ?? create(CatalogDocumentSchema));
    const reading = new Reading();
    const trial = this.ports.memory.copy();
    const items = KINDS.flatMap((kind) => itemsOf(kind, doc, trial, reading));
    if (items.length > RECORDS_MAX) reading.fail('/document', 'OUT_OF_RANGE', `最多 ${RECORDS_MAX} 条`, `holds at most ${RECORDS_MAX} records`);
    for (const item of items) await this.#check(item, trial, reading, context);
    if (reading.problems.length > 0 && !validateOnly) throw new RpcFailure('invalid', 'INVALID_REQUEST', {}, { fields: reading.problems });
    const changes = items.map((item) => changeOf(item, this.ports.memory, trial));
    if (!validateOnly) for (const item of items) await this.#save(item, requestId, context);
    return answer(changes, reading.problems);
  }

  /** What the other records, and the record's own past, have against it. */
  async #check<K extends Kind>(item: Item<K>, trial: CatalogueMemory, reading: Reading, context: CallContext): Promise<void> {
    for (const { field, code, zh, en } of problemsOf(trial, item.kind, item.id, item.spec)) reading.fail(`${item.pointer}/${field}`, code, zh, en);
    if (!this.ports.memory.get(item.kind, item.id)) return;
    const decided = await this.#run(item, '', true, context);
    if (decided.ok) return;
    const { zh, en } = catalogErrors[decided.code];
    const at = decided.details['field'];
    reading.fail(at ? `${item.pointer}/${at}` : item.pointer, decided.code, zh, en);
  }

  async #save(item: AnyItem, requestId: string, context: CallContext): Promise<void> {
    const saved = await this.#run(item, requestId, false, context);
    if (!saved.ok) throw failureOf(catalogErrors, saved.code, saved.details);
  }

  #run<K extends Kind>({ kind, id, spec }: Item<K>, requestId: string, dryRun: boolean, context: CallContext): Promise<Saved<Specs[K]>> {
    const { memory, records, clock } = this.ports;
    const there = memory.get(kind, id);
    const at = clock.now();
    const envelope = envelopeOf(this.ports, `Apply.${kind}.${id}.${there?.version ?? 0}`, requestId, context);
    return records.save(kind, { command: there ? { type: 'Revise', id, spec, version: there.version, at } : { type: 'Create', id, spec, at }, envelope, dryRun });
  }
}

const LISTS: { readonly [K in Kind]: (doc: CatalogDocument) => { readonly name: string; readonly messages: readonly (Message & { readonly id: string })[] } } = {
  Book: (doc) => ({ name: 'books', messages: doc.books }),
  ProductGroup: (doc) => ({ name: 'productGroups', messages: doc.productGroups }),
  Supplier: (doc) => ({ name: 'suppliers', messages: doc.suppliers }),
  Channel: (doc) => ({ name: 'channels', messages: doc.channels }),
  Product: (doc) => ({ name: 'products', messages: doc.products }),
  PriceList: (doc) => ({ name: 'priceLists', messages: doc.priceLists }),
  Store: (doc) => ({ name: 'stores', messages: doc.stores }),
  Terminal: (doc) => ({ name: 'terminals', messages: doc.terminals }),
  Listing: (doc) => ({ name: 'listings', messages: doc.listings }),
};

/** Parses the records of one kind and puts them into the trial, so that later ones see them. */
const itemsOf = <K extends Kind>(kind: K, doc: CatalogDocument, trial: CatalogueMemory, reading: Reading): AnyItem[] => {
  const { name, messages } = LISTS[kind](doc);
  const resource = RESOURCES[kind];
  const seen = new Set<string>();
  return messages.flatMap((message, i) => {
    const pointer = `/document/${name}/${i}`;
    const before = reading.problems.length;
    const id = reading.ref(`${pointer}/id`, resource.idKind, message.id);
    if (id === undefined) reading.fail(`${pointer}/id`, 'FIELD_REQUIRED', '必填', 'is required');
    if (id !== undefined && seen.has(id)) reading.fail(`${pointer}/id`, 'ID_TWICE', '编号重复', 'is in the document twice');
    seen.add(id ?? '');
    const spec = resource.parse(message as MessageShape<DescMessage> as never, pointer, reading, trial) as Specs[K];
    if (id === undefined || reading.problems.length > before) return [];
    const there = trial.get(kind, id);
    trial.put(kind, { id, version: (there?.version ?? 0) + 1, spec, createdAt: instant(0), revisedAt: instant(0), recent: [] });
    return [{ kind, pointer, id, spec } as Item<K> as AnyItem];
  });
};

const changeOf = (item: AnyItem, memory: CatalogueMemory, trial: CatalogueMemory): ApplyCatalogResponse_Change => {
  const [before, after] = [jsonOf(item, memory), jsonOf(item, trial)];
  const there = memory.get(item.kind, item.id);
  const action = !there ? Action.CREATE : sameData(there.spec, item.spec) ? Action.NONE : Action.REVISE;
  const paths = action === Action.REVISE ? [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((path) => !sameData(before[path], after[path])) : [];
  const text = (value: unknown): string => (value === undefined ? '' : JSON.stringify(value));
  return create(ApplyCatalogResponse_ChangeSchema, {
    kind: item.kind, id: item.id, action, fields: paths.map((path) => ({ path, before: text(before[path]), after: text(after[path]) })),
  });
};

const jsonOf = <K extends Kind>({ kind, id }: { readonly kind: K; readonly id: string }, memory: CatalogueMemory): Record<string, unknown> => {
  const record = memory.get(kind, id);
  if (!record) return {};
  const resource = RESOURCES[kind];
  const json = toJson(resource.message, create(resource.message, resource.print(record as never, { kind: 'staff' }, memory) as never)) as Record<string, unknown>;
  const { etag: _, version: __, ...fields } = json;
  return fields;
};

const answer = (changes: readonly ApplyCatalogResponse_Change[], problems: readonly FieldError[]): ApplyCatalogResponse => {
  const count = (action: Action): number => changes.filter((change) => change.action === action).length;
  return create(ApplyCatalogResponseSchema, {
    changes: [...changes], created: count(Action.CREATE), revised: count(Action.REVISE), unchanged: count(Action.NONE),
    problems: problems.map(({ pointer, code, zh, en }) => ({ pointer, code, words: { zh, en } })),
  });
};
