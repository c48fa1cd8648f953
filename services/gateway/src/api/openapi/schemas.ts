import { type DescEnum, type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import type { Words } from './words.js';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type Schema = { readonly [key: string]: Json };
export type Comments = Readonly<Record<string, string>>;

const SCALARS: Readonly<Record<ScalarType, Schema>> = {
  [ScalarType.STRING]: { type: 'string' },
  [ScalarType.BOOL]: { type: 'boolean' },
  [ScalarType.BYTES]: { type: 'string', contentEncoding: 'base64' },
  [ScalarType.DOUBLE]: { type: 'number', format: 'double' },
  [ScalarType.FLOAT]: { type: 'number', format: 'float' },
  [ScalarType.INT32]: { type: 'integer', format: 'int32' }, [ScalarType.SINT32]: { type: 'integer', format: 'int32' }, [ScalarType.SFIXED32]: { type: 'integer', format: 'int32' },
  [ScalarType.UINT32]: { type: 'integer', format: 'int64', minimum: 0 }, [ScalarType.FIXED32]: { type: 'integer', format: 'int64', minimum: 0 },
  // 64 bits do not fit a JSON number: text, as ProtoJSON writes them.
  [ScalarType.INT64]: { type: 'string', format: 'int64' }, [ScalarType.SINT64]: { type: 'string', format: 'int64' }, [ScalarType.SFIXED64]: { type: 'string', format: 'int64' },
  [ScalarType.UINT64]: { type: 'string', format: 'uint64' }, [ScalarType.FIXED64]: { type: 'string', format: 'uint64' },
};
const WELL_KNOWN: Readonly<Record<string, Schema>> = {
  'google.protobuf.Timestamp': { type: 'string', format: 'date-time' },
  'google.protobuf.Duration': { type: 'string', examples: ['1.5s'] },
  'google.protobuf.FieldMask': { type: 'string', examples: ['name,price'] },
  'google.protobuf.Struct': { type: 'object' },
  'google.protobuf.ListValue': { type: 'array', items: {} },
  'google.protobuf.Value': {},
  'google.protobuf.Any': { type: 'object' },
  'google.protobuf.Empty': { type: 'object' },
  'google.protobuf.StringValue': { type: 'string' }, 'google.protobuf.BoolValue': { type: 'boolean' }, 'google.protobuf.BytesValue': { type: 'string', contentEncoding: 'base64' },
  'google.protobuf.Int32Value': { type: 'integer', format: 'int32' }, 'google.protobuf.UInt32Value': { type: 'integer', minimum: 0 },
  'google.protobuf.Int64Value': { type: 'string', format: 'int64' }, 'google.protobuf.UInt64Value': { type: 'string', format: 'uint64' },
  'google.protobuf.DoubleValue': { type: 'number' }, 'google.protobuf.FloatValue': { type: 'number' },
};

/** Schemas of messages and enums, collected as they are referred to. */
export class Schemas {
  readonly #known = new Map<string, Schema>();
  constructor(readonly comments: Comments, readonly words: Words) {}

  /** All that were referred to, by name, sorted. */
  all(): Schema {
    return Object.fromEntries([...this.#known].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  message(desc: DescMessage): Schema {
    const known = WELL_KNOWN[desc.typeName];
    if (known) return known;
    const name = shortName(desc.typeName);
    if (!this.#known.has(name)) {
      this.#known.set(name, {}); // a message may contain itself
      this.#known.set(name, this.#object(desc));
    }
    return { $ref: `#/components/schemas/${name}` };
  }

  #object(desc: DescMessage): Schema {
    const properties = Object.fromEntries(desc.fields.map((field) => [field.jsonName, this.field(field)]));
    const oneofs = desc.oneofs.map(({ fields }) => this.words.atMostOne(fields.map(({ jsonName }) => jsonName)));
    const description = [this.comments[desc.typeName], ...oneofs].filter(Boolean).join('\n\n');
    return { type: 'object', ...(description !== '' && { description }), properties, additionalProperties: false };
  }

  field(field: DescField): Schema {
    const comment = this.comments[`${field.parent?.typeName ?? ''}.${field.name}`];
    const schema = this.#kind(field);
    return comment === undefined ? schema : { ...schema, description: comment };
  }
  #kind(field: DescField): Schema {
    switch (field.fieldKind) {
      case 'list': return { type: 'array', items: this.#item(field, field.listKind === 'scalar' ? field.scalar : undefined) };
      case 'map': return { type: 'object', additionalProperties: this.#item(field, field.mapKind === 'scalar' ? field.scalar : undefined) };
      case 'message':
      case 'enum':
      case 'scalar': return this.#item(field, field.scalar);
    }
  }
  #item(field: DescField, scalar: ScalarType | undefined): Schema {
    if (field.message) return this.message(field.message);
    return scalar === undefined ? this.#enum(field.enum!) : SCALARS[scalar];
  }
  #enum(desc: DescEnum): Schema {
    const name = shortName(desc.typeName);
    if (!this.#known.has(name)) {
      const told = desc.values.map((value) => [value.name, this.comments[`${desc.typeName}.${value.name}`]] as const).filter(([, comment]) => comment !== undefined);
      const description = [this.comments[desc.typeName], ...told.map(([value, comment]) => `- \`${value}\`: ${comment}`)].filter(Boolean).join('\n');
      this.#known.set(name, { type: 'string', enum: desc.values.map((value) => value.name), ...(description !== '' && { description }) });
    }
    return { $ref: `#/components/schemas/${name}` };
  }
}
/** `order.v1.Order` of `vouchsafe.order.v1.Order`. */
const shortName = (typeName: string): string => typeName.replace(/^vouchsafe\./, '');
