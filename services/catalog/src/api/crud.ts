import { hash } from 'node:crypto';
import { create, type DescMessage, type Message, type MessageShape, toBinary } from '@bufbuild/protobuf';
import type { Envelope, EventStore } from '@vouchsafe/event-store';
import { ID_PREFIXES } from '@vouchsafe/kernel';
import { type CallContext, failureOf, RpcFailure } from '@vouchsafe/rpc';
import { type Clock, type Ids, uuidv5 } from '@vouchsafe/runtime';
import type { CatalogueMemory } from '../application/catalogue-memory.js';
import { versionAt } from '../application/history.js';
import type { Codecs, Records, Saved } from '../application/records.js';
import { problemsOf } from '../domain/consistency.js';
import type { Kind, Specs } from '../domain/kinds.js';
import type { Asked, Versioned, VersionedCommand } from '../domain/versioned.js';
import { catalogErrors } from './errors.js';
import { type Page, pageOf } from './listing.js';
import { masked } from './masking.js';
import { versionOf } from './printing.js';
import { Reading } from './reading.js';
import type { Audience, Resource } from './resources/resource.js';

export type CrudPorts = {
  readonly records: Records; readonly memory: CatalogueMemory; readonly store: EventStore; readonly codecs: Codecs; readonly clock: Clock; readonly ids: Ids;
};
type Ask = { readonly requestId: string; readonly validateOnly: boolean };
type Identified = Message & { readonly id: string; readonly etag: string };

/** Create, update, get and list of one kind of record, the same for all kinds. */
export class Crud<K extends Kind, M extends DescMessage> {
  constructor(readonly ports: CrudPorts, readonly resource: Resource<K, M>) {}

  async create(message: MessageShape<M> | undefined, ask: Ask, context: CallContext): Promise<MessageShape<M>> {
    const given = message ?? create(this.resource.message);
    const { id: wanted } = given as Identified;
    const reading = new Reading();
    const id = reading.ref('/id', this.resource.idKind, wanted) ?? this.#freshId(ask, context);
    const spec = this.#checked(given, id, reading);
    const at = this.ports.clock.now();
    return this.#save({ type: 'Create', id, spec, at, ...this.#asked(given, ask) }, ask, context);
  }

  async update(message: MessageShape<M> | undefined, mask: readonly string[], ask: Ask, context: CallContext): Promise<MessageShape<M>> {
    const given = message ?? create(this.resource.message);
    const { id, etag } = given as Identified;
    const record = this.ports.memory.get(this.resource.kind, id) ?? this.#missing();
    const merged = masked(this.resource.message, this.#shown(record, STAFF), given, mask);
    const spec = this.#checked(merged, id, new Reading());
    const at = this.ports.clock.now();
    return this.#save({ type: 'Revise', id, spec, version: versionOf(etag), at, ...this.#asked(given, ask) }, ask, context);
  }

  async get(id: string, version: number, context: CallContext): Promise<MessageShape<M>> {
    const { kind } = this.resource;
    const audience = audienceOf(context);
    const record = this.ports.memory.get(kind, id);
    if (!record || !this.#mayRead(record, audience)) return this.#missing();
    if (version === 0 || version === record.version) return this.#shown(record, audience);
    return this.#shown((await versionAt(this.ports, kind, id, this.#streamId(record), version)) ?? this.#missing(), audience);
  }

  list(page: Page, context: CallContext): { readonly items: readonly MessageShape<M>[]; readonly nextPageToken: string } {
    const audience = audienceOf(context);
    const all = this.ports.memory.all(this.resource.kind).filter((record) => this.#mayRead(record, audience));
    return pageOf(this.resource.message, all.map((record) => ({ id: record.id, message: () => this.#shown(record, audience) })), page, context.caller);
  }

  #checked(message: MessageShape<M>, id: string, reading: Reading): Specs[K] {
    const { kind, parse } = this.resource;
    const spec = parse(message, '', reading, this.ports.memory);
    if (reading.problems.length === 0) {
      for (const { field, code, zh, en } of problemsOf(this.ports.memory, kind, id, spec)) reading.fail(`/${field}`, code, zh, en);
    }
    if (reading.problems.length > 0) throw new RpcFailure('invalid', 'INVALID_REQUEST', {}, { fields: reading.problems.map((one) => this.#within(one)) });
    return spec;
  }
  /** The record is a field of the request; pointers are into the request. */
  #within<P extends { readonly pointer: string }>(problem: P): P {
    const { kind } = this.resource;
    return { ...problem, pointer: `/${kind[0]!.toLowerCase()}${kind.slice(1)}${problem.pointer}` };
  }

  async #save(command: VersionedCommand<Specs[K]>, ask: Ask, context: CallContext): Promise<MessageShape<M>> {
    const { kind } = this.resource;
    const envelope = envelopeOf(this.ports, `${kind}.${command.type}.${command.id}`, ask.requestId, context);
    const saved: Saved<Specs[K]> = await this.ports.records.save(kind, { command, envelope, dryRun: ask.validateOnly });
    if (!saved.ok) throw failureOf(catalogErrors, saved.code, saved.details);
    return this.#shown(saved.record, STAFF);
  }

  #asked(message: MessageShape<M>, { requestId, validateOnly }: Ask): { readonly asked?: Asked } {
    if (requestId === '' || validateOnly) return {};
    return { asked: { id: requestId, print: hash('sha256', toBinary(this.resource.message, message), 'base64url').slice(0, 22) } };
  }
  #freshId({ requestId }: Ask, { caller }: CallContext): string {
    const { idKind, kind } = this.resource;
    const prefix = idKind === 'book' ? 'bok' : ID_PREFIXES[idKind];
    return requestId === '' && idKind !== 'book' ? this.ports.ids.mint(idKind) : `${prefix}_${requestId === '' ? this.ports.ids.uuid() : uuidv5(`${caller.principalId}/${kind}/${requestId}`)}`;
  }
  #shown(record: Versioned<Specs[K]>, audience: Audience): MessageShape<M> {
    return create(this.resource.message, this.resource.print(record, audience, this.ports.memory));
  }
  #mayRead(record: Versioned<Specs[K]>, audience: Audience): boolean {
    return audience.kind === 'staff' || this.resource.shownTo(record, audience.channelId, this.ports.memory);
  }
  #streamId({ id, spec }: Versioned<Specs[K]>): string {
    return this.resource.kind === 'Terminal' ? (spec as Specs['Terminal']).storeId : id;
  }
  #missing(): never {
    throw failureOf(catalogErrors, 'NOT_FOUND', { kind: this.resource.kind });
  }
}

const STAFF: Audience = { kind: 'staff' };
/** A channel (and whatever acts for one) sees a channel's part, everybody else all. */
export const audienceOf = ({ caller }: CallContext): Audience =>
  caller.kind === 'channel' || caller.channelId !== undefined ? { kind: 'channel', channelId: caller.channelId ?? '' } : STAFF;

/** The same request id of the same principal about the same record is the same command. */
export const envelopeOf = ({ clock, ids }: Pick<CrudPorts, 'clock' | 'ids'>, what: string, requestId: string, { caller, trace }: CallContext): Envelope => {
  const commandId = requestId === '' ? ids.uuid() : uuidv5(`catalog/${caller.principalId}/${what}/${requestId}`);
  return { commandId, correlation: commandId, principal: caller.principalId, at: clock.now(), ...(trace !== undefined && { trace }) };
};
