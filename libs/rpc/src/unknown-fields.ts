import type { DescField, DescMessage, Message } from '@bufbuild/protobuf';

type Found = (pointer: string) => void;
type Visit = (message: Message, pointer: string, found: Found) => void;

/** Pointers (`/lines/0/#17`) of fields that the descriptor does not know, at any depth. Where there are none, as in nearly all messages, nothing is made. */
export const unknownFields = (desc: DescMessage, message: Message): readonly string[] => {
  if (!hasUnknown(desc, message)) return NONE;
  const pointers: string[] = [];
  visitOf(desc)(message, '', (pointer) => pointers.push(pointer));
  return pointers;
};
const NONE: readonly string[] = [];

const inners = new WeakMap<DescMessage, readonly DescField[]>();
/** Fields that hold messages of ours. */
const innerOf = (desc: DescMessage): readonly DescField[] => {
  let inner = inners.get(desc);
  if (!inner) inners.set(desc, (inner = desc.fields.filter(holdsMessages)));
  return inner;
};
const hasUnknown = (desc: DescMessage, message: Message): boolean => {
  if (message.$unknown && message.$unknown.length > 0) return true;
  for (const field of innerOf(desc)) {
    const value = valueOf(message, field);
    if (value !== undefined && holdsUnknown(field, value)) return true;
  }
  return false;
};
const holdsUnknown = (field: DescField, value: unknown): boolean => {
  if (field.fieldKind !== 'list' && field.fieldKind !== 'map') return hasUnknown(field.message!, value as Message);
  const items = field.fieldKind === 'list' ? (value as Message[]) : Object.values(value as Record<string, Message>);
  for (const item of items) if (hasUnknown(field.message!, item)) return true;
  return false;
};

const visits = new WeakMap<DescMessage, Visit>();
const visitOf = (desc: DescMessage): Visit => {
  let visit = visits.get(desc);
  if (!visit) visits.set(desc, (visit = compile(desc)));
  return visit;
};

const compile = (desc: DescMessage): Visit => {
  const inner = innerOf(desc).map((field) => ({ field, visit: visitLater(field.message!) }));
  return (message, pointer, found) => {
    for (const { no } of message.$unknown ?? []) found(`${pointer}/#${no}`);
    for (const { field, visit } of inner) visitField(message, field, visit, pointer, found);
  };
};
// Well-known types are ours to trust; Any, Struct and wrappers have representations of their own.
const holdsMessages = (field: DescField): boolean => field.message !== undefined && !field.message.typeName.startsWith('google.protobuf.');
/** A message may contain itself, so its visit is looked up when first needed. */
const visitLater = (desc: DescMessage): Visit => {
  let visit: Visit | undefined;
  return (message, pointer, found) => (visit ??= visitOf(desc))(message, pointer, found);
};

const visitField = (message: Message, field: DescField, visit: Visit, pointer: string, found: Found): void => {
  const value = valueOf(message, field);
  if (value === undefined) return;
  const at = `${pointer}/${field.jsonName}`;
  if (field.fieldKind === 'list') (value as Message[]).forEach((item, i) => visit(item, `${at}/${i}`, found));
  else if (field.fieldKind === 'map') Object.entries(value as Record<string, Message>).forEach(([key, item]) => visit(item, `${at}/${key}`, found));
  else visit(value as Message, at, found);
};
const valueOf = (message: Message, field: DescField): unknown => {
  if (!field.oneof) return Reflect.get(message, field.localName);
  const group = Reflect.get(message, field.oneof.localName) as { case?: string; value?: unknown };
  return group.case === field.localName ? group.value : undefined;
};
