import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CATALOGUES } from '@vouchsafe/all-in-one';
import { errorsMarkdown, gatewayErrors } from '@vouchsafe/gateway';
import { type Catalogue, commonErrors } from '@vouchsafe/rpc';

const file = path.resolve(__dirname, '../docs/errors.md');
const all: readonly Catalogue[] = [commonErrors, gatewayErrors, ...CATALOGUES];

it('docs/errors.md lists every code (VOUCHSAFE_WRITE_DOCS=1 writes it anew)', () => {
  const text = errorsMarkdown(CATALOGUES);
  if (process.env.VOUCHSAFE_WRITE_DOCS === '1') writeFileSync(file, text);
  expect(readFileSync(file, 'utf8')).toBe(text);
});

it('every code says what it means and what to do, in both languages', () => {
  const silent = all.flatMap((catalogue) => Object.entries(catalogue)).filter(([, entry]) => [entry.zh, entry.remedyZh].some((text) => !/[一-鿿]/.test(text)) || [entry.en, entry.remedyEn].some((text) => text.trim() === ''));
  expect(silent.map(([code]) => code)).toEqual([]);
});
