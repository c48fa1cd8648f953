import { clone, type DescMessage, isFieldSet, type Message, type MessageShape } from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import { failureOf } from '@vouchsafe/rpc';
import { catalogErrors } from './errors.js';

/** Fields that are answers only: naming them changes nothing. */
const OUTPUT_ONLY = new Set(['id', 'etag', 'version', 'path']);

/** `current` with the masked fields of `patch`; without a mask, with all fields that `patch` sets (AIP-134). */
export const masked = <M extends DescMessage>(schema: M, current: MessageShape<M>, patch: MessageShape<M>, paths: readonly string[]): MessageShape<M> => {
  const merged = clone(schema, current);
  const named = paths.length > 0 ? paths : schema.fields.filter((field) => isFieldSet(patch, field)).map(({ name }) => name);
  for (const path of named) if (!OUTPUT_ONLY.has(path)) copyField(schema, merged, patch, path.split('.'), path);
  return merged;
};

const copyField = (schema: DescMessage, into: Message, from: Message | undefined, names: readonly string[], path: string): void => {
  const field = schema.fields.find(({ name, localName }) => name === names[0] || localName === names[0]);
  if (!field) throw failureOf(catalogErrors, 'MASK_INVALID', { path }, '/updateMask');
  const [source, target] = [from && reflect(schema, from), reflect(schema, into)];
  if (names.length === 1) {
    if (source?.isSet(field)) target.set(field, source.get(field));
    else target.clear(field);
    return;
  }
  if (field.fieldKind !== 'message') throw failureOf(catalogErrors, 'MASK_INVALID', { path }, '/updateMask');
  const inner = target.get(field);
  copyField(field.message, inner.message, source?.isSet(field) ? source.get(field).message : undefined, names.slice(1), path);
  target.set(field, inner);
};
