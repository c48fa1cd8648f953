import { create, fromJson } from '@bufbuild/protobuf';
import type { Json } from '@vouchsafe/codec';
import { type CatalogDocument, CatalogDocumentSchema, type ForeignCatalog } from '@vouchsafe/proto/catalog/v1/catalog';
import { invalidField } from '@vouchsafe/rpc';
import { carrierBenefits, CarrierSourceError } from '../application/carrier-benefits.js';

const JSON_MAX = 4 * 1024 * 1024;

/** The document that a foreign catalogue means. Refused with the place of what is wrong in it. */
export const mapped = ({ format, json, channelId, price }: ForeignCatalog): CatalogDocument => {
  if (format !== 'cn_carrier_benefits') throw invalidField('/foreign/format', 'FORMAT_UNKNOWN', '未知格式', 'is no format we know');
  const source = parsed(json);
  try {
    const document = carrierBenefits(source, { ...(channelId !== '' && { channelId }), ...(price !== '' && { price }) });
    return create(CatalogDocumentSchema, fromJson(CatalogDocumentSchema, document as Parameters<typeof fromJson>[1]));
  } catch (error) {
    if (!(error instanceof CarrierSourceError)) throw error;
    throw invalidField(`/foreign/json/${error.index}/${error.field}`, 'FIELD_REQUIRED', '缺少或类型不符', 'is missing or of another type');
  }
};

const parsed = (json: string): Json => {
  try {
    if (json.length <= JSON_MAX) return JSON.parse(json) as Json;
  } catch {
    // told below, like a text that is too long
  }
  throw invalidField('/foreign/json', 'JSON_INVALID', '不是有效的 JSON，或过大', 'is no JSON, or too large');
};
