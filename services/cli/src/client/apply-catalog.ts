import { readFileSync } from 'node:fs';
import { fromJson, type JsonValue } from '@bufbuild/protobuf';
import { type ApplyCatalogResponse, CatalogDocumentSchema, CatalogService } from '@vouchsafe/proto/catalog/v1/catalog';
import { parse as parseYaml } from 'yaml';
import { CommandFailure, EXIT } from '../speech.js';
import type { Connection } from './connection.js';

export type ApplyOptions = {
  readonly dryRun?: boolean;
  /** A catalogue as somebody else writes it, e.g. `cn_carrier_benefits`; ours without. */
  readonly format?: string;
  /** Of a foreign catalogue: where to list and price it, and the price of what names none. */
  readonly channel?: string;
  readonly price?: string;
};

/** Brings the catalogue to what a file says; applied again it changes nothing. */
export const applyCatalog = (connection: Connection, file: string, { dryRun = false, format, channel = '', price = '' }: ApplyOptions = {}): Promise<ApplyCatalogResponse> => {
  const text = textOf(file);
  if (format !== undefined) return connection.call(CatalogService.method.applyCatalog, { foreign: { format, json: text, channelId: channel, price }, validateOnly: dryRun });
  if (channel !== '' || price !== '') throw new CommandFailure(EXIT.usage, '--channel 与 --price 只用于 --format', '--channel and --price go with --format');
  return connection.call(CatalogService.method.applyCatalog, { document: fromJson(CatalogDocumentSchema, documentIn(file, text)), validateOnly: dryRun });
};

const textOf = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandFailure(EXIT.data, `读不到文件 ${file}：${(error as Error).message}`, `cannot read ${file}: ${(error as Error).message}`);
  }
};
/** YAML, which JSON is part of. */
const documentIn = (file: string, text: string): JsonValue => {
  try {
    return parseYaml(text) as JsonValue;
  } catch (error) {
    throw new CommandFailure(EXIT.data, `${file} 不是 YAML/JSON：${(error as Error).message}`, `${file} is neither YAML nor JSON: ${(error as Error).message}`);
  }
};
