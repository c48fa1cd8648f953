import { hash } from 'node:crypto';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { type Instant, instant } from '@vouchsafe/kernel';
import { type CreateListRequest, type ListEntry, ListSchema, type ListPurpose, type ListSubject, type RiskService } from '@vouchsafe/proto/risk/v1/risk';
import { type CallContext, failureOf, type FieldError, type Handlers, RpcFailure } from '@vouchsafe/rpc';
import { ID_PREFIXES, isId } from '@vouchsafe/kernel';
import { type Clock, type Ids, uuidv5 } from '@vouchsafe/runtime';
import { parseRange } from '../application/ip/address.js';
import { type ListFiles, linesOf } from '../application/list-files.js';
import { entriesIn } from '../application/list-memory.js';
import type { KnownList, Lists } from '../application/lists.js';
import { isToken, type Personal, type ProtectionPorts, tokensOf } from '../application/protection.js';
import type { Entry, ListCommand, ListHead, ListPurpose as Purpose, ListSubject as Subject } from '../domain/list.js';
import { riskErrors } from './errors.js';
import { bothWords, pageOf } from './printing.js';

type ListMethods = 'createList' | 'getList' | 'listLists' | 'addListEntries' | 'removeListEntries' | 'importListFile';
export type ListPorts = ProtectionPorts & { readonly lists: Lists; readonly files: ListFiles; readonly clock: Clock; readonly ids: Ids };

const SUBJECTS: readonly (Subject | undefined)[] = [undefined, 'ip', 'device', 'buyer', 'payee', 'email_domain'];
const PURPOSES: readonly (Purpose | undefined)[] = [undefined, 'block', 'allow', 'watch', 'network', 'disposable'];
const ENTRIES_PER_CALL = 1_000;
const REFUSED_SHOWN = 100;
/** Blocks wider than these are no one's own address and may stand as they are; a single address is personal. */
const WIDE_V4 = 31;
const WIDE_V6 = 63;

export const listHandlers = (ports: ListPorts): Pick<Handlers<typeof RiskService>, ListMethods> => ({
  createList: async (request, context) => {
    const head = headOf(request, request.list?.id || freshId(ports, request.requestId, context));
    return shown(await change(ports, head.id, { type: 'CreateList', ...head, at: ports.clock.now() }, request, context));
  },
  getList: async ({ id }) => shown((await ports.lists.find(id)) ?? missing()),
  listLists: async (request, { caller }) => {
    const { items, nextPageToken } = pageOf(ports.lists.all(), request, caller);
    return { lists: items.map(shown), nextPageToken };
  },
  addListEntries: async (request, context) => {
    const { head } = (await ports.lists.find(request.id)) ?? missing();
    const entries = await entriesOf(ports, head.subject, request.entries, request.channelId, context);
    return shown(await change(ports, head.id, { type: 'AddEntries', entries, at: ports.clock.now() }, request, context));
  },
  removeListEntries: async (request, context) => {
    const { head } = (await ports.lists.find(request.id)) ?? missing();
    const given = request.values.map((value): ListEntry => ({ $typeName: 'vouchsafe.risk.v1.ListEntry', value }));
    const entries = await entriesOf(ports, head.subject, given, request.channelId, context);
    return shown(await change(ports, head.id, { type: 'RemoveEntries', values: entries.map(({ value }) => value), at: ports.clock.now() }, request, context));
  },
  importListFile: async (request, context) => {
    const { head } = (await ports.lists.find(request.id)) ?? missing();
    const { source } = request;
    const bytes = source.case === 'content' ? source.value : await ports.files.readSource(source.value ?? '');
    if (!bytes) throw failureOf(riskErrors, 'FILE_UNKNOWN');
    const sha256 = hash('sha256', bytes, 'hex');
    const read = entriesIn(head.subject, linesOf(bytes));
    if (!request.validateOnly) {
      await ports.files.put(bytes);
      ports.lists.keepFile(sha256, read);
    }
    const name = source.case === 'path' ? source.value : '';
    const list = await change(ports, head.id, { type: 'LoadFile', sha256, name, entries: read.size, at: ports.clock.now() }, request, context);
    return { list: shown(list), entries: read.size, refused: read.refused.length, refusedLines: read.refused.slice(0, REFUSED_SHOWN) };
  },
});

const missing = (): never => {
  throw failureOf(riskErrors, 'NOT_FOUND');
};
const invalid = (...fields: readonly FieldError[]): RpcFailure => new RpcFailure('invalid', 'INVALID_REQUEST', {}, { fields });

const freshId = ({ ids }: ListPorts, requestId: string, { caller }: CallContext): string =>
  requestId === '' ? ids.mint('list') : `${ID_PREFIXES.list}_${uuidv5(`list/${caller.principalId}/${requestId}`)}`;

const headOf = (request: CreateListRequest, id: string): ListHead => {
  const list = request.list ?? create(ListSchema);
  const [subject, purpose] = [SUBJECTS[list.subject], PURPOSES[list.purpose]];
  const fields: FieldError[] = [];
  if (!isId('list', id)) fields.push({ pointer: '/list/id', code: 'ID_INVALID', zh: '编号应以 lis_ 开头', en: 'an id begins with lis_' });
  if (!subject || !purpose) throw invalid(...fields, { pointer: subject ? '/list/purpose' : '/list/subject', code: 'FIELD_REQUIRED', zh: '必填', en: 'is required' });
  if (!fits(subject, purpose, list.network)) fields.push({ pointer: '/list/network', code: 'FIELD_NOT_ALLOWED', zh: '用途与对象不符', en: 'networks are of addresses and have a name; disposable ones are e-mail domains' });
  if (fields.length > 0) throw invalid(...fields);
  return { id, ...bothWords(list.name, id), subject, purpose, ...(list.network !== '' && { network: list.network }) };
};
const fits = (subject: Subject, purpose: Purpose, network: string): boolean => {
  if (purpose === 'network') return subject === 'ip' && network !== '';
  return network === '' && (purpose !== 'disposable' || subject === 'email_domain');
};

/** Entries as they are kept: wide blocks and domains as they are, everything personal as its token. */
const entriesOf = async (ports: ListPorts, subject: Subject, given: readonly ListEntry[], channelId: string, context: CallContext): Promise<readonly Entry[]> => {
  if (given.length === 0 || given.length > ENTRIES_PER_CALL) {
    throw invalid({ pointer: '/entries', code: 'OUT_OF_RANGE', zh: `应有 1 到 ${ENTRIES_PER_CALL} 条`, en: `takes 1 to ${ENTRIES_PER_CALL} entries` });
  }
  const kept = given.map(({ value }, i) => asIs(subject, value, i));
  const personal = given.filter((_, i) => kept[i] === undefined).map(({ value }): Personal => ({ kind: subject as Personal['kind'], value: subject === 'ip' ? value.split('/')[0]! : value }));
  const tokens = await tokensOf(ports, personal, channelId, context.trace);
  let next = 0;
  return given.map(({ until }, i): Entry => ({ value: kept[i] ?? tokens[next++]!, ...(until && { until: untilOf(until) }) }));
};
const untilOf = ({ seconds, nanos }: { readonly seconds: bigint; readonly nanos: number }): Instant => instant(Number(seconds) * 1000 + Math.trunc(nanos / 1e6));

/** The value as it may be kept; undefined where only its token may. */
const asIs = (subject: Subject, value: string, i: number): string | undefined => {
  const refuse = (code: string, zh: string, en: string): never => {
    throw invalid({ pointer: `/entries/${i}/value`, code, zh, en });
  };
  if (value === '' || value.length > 256) refuse('FIELD_REQUIRED', '必填，最多 256 字', 'is required, of at most 256 characters');
  if (isToken(value)) return value;
  if (subject === 'email_domain') return /^[a-z0-9.-]+\.[a-z0-9-]+$/i.test(value) ? value.toLowerCase() : refuse('DOMAIN_INVALID', '不是域名', 'is no domain');
  if (subject !== 'ip') return undefined;
  const range = parseRange(value) ?? refuse('IP_INVALID', '不是 IP 地址或 CIDR 网段', 'is no IP address or CIDR block');
  return range.prefix <= (value.includes(':') ? WIDE_V6 : WIDE_V4) ? value : undefined;
};

const change = async (
  { lists, ids }: ListPorts, id: string, command: ListCommand, { requestId, validateOnly }: { readonly requestId: string; readonly validateOnly: boolean }, { caller, trace }: CallContext,
): Promise<KnownList> => {
  const commandId = requestId === '' ? ids.uuid() : uuidv5(`risk/${caller.principalId}/${id}/${command.type}/${requestId}`);
  const envelope = { commandId, correlation: id, principal: caller.principalId, at: command.at, ...(trace !== undefined && { trace }) };
  const answer = validateOnly ? await lists.wouldChange(id, command) : await lists.change(id, command, envelope);
  if (!answer.ok) throw failureOf(riskErrors, answer.code, answer.details);
  return answer.list;
};

const shown = ({ head, entries, file }: KnownList): MessageInitShape<typeof ListSchema> => ({
  id: head.id, name: { zh: head.zh, en: head.en }, subject: SUBJECTS.indexOf(head.subject) as ListSubject, purpose: PURPOSES.indexOf(head.purpose) as ListPurpose,
  network: head.network ?? '', entryCount: entries.size, fileSha256: file?.sha256 ?? '', fileName: file?.name ?? '', fileEntryCount: file?.entries ?? 0,
});
