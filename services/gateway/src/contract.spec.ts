import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { DescService } from '@bufbuild/protobuf';
import { getOption, hasOption } from '@bufbuild/protobuf';
import { access, Audience } from '@vouchsafe/proto/common/v1/options';
import { http } from '@vouchsafe/proto/google/api/annotations';
import { comments, commentsZh, unusedZh } from '@vouchsafe/proto/comments';
import { errorBook } from '@vouchsafe/rpc';
import { Router } from './api/http/router.js';
import { openApi } from './api/openapi/openapi.js';
import { methodTable } from './application/method-table.js';

/** Every service that any proto of the project declares. */
const gen = path.resolve(__dirname, '../../../libs/proto/gen/vouchsafe');
const files = readdirSync(gen, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('_pb.ts') && !name.startsWith('comments'));
const services = files.flatMap((name) => Object.values(require(path.join(gen, name)) as Record<string, unknown>)).filter((value): value is DescService => (value as { kind?: string } | null)?.kind === 'service');
const methods = services.flatMap((service) => service.methods);
const nameOf = ({ parent, name }: (typeof methods)[number]): string => `${parent.typeName}/${name}`;

describe('every method of every service', () => {
  it('is there to be looked at', () => expect(methods.length).toBeGreaterThan(80));

  it('says who may call it', () => {
    const silent = methods.filter((method) => {
      if (!hasOption(method, access)) return true;
      const { permission, audience } = getOption(method, access);
      return permission === '' && audience === Audience.UNSPECIFIED;
    });
    expect(silent.map(nameOf)).toEqual([]);
  });

  it('that is internal lies in an internal package, and no other does', () => {
    const odd = methods.filter((method) => (getOption(method, access).audience === Audience.INTERNAL) !== method.parent.typeName.includes('.internal.'));
    expect(odd.map(nameOf)).toEqual([]);
  });

  it('that needs two persons changes something', () => {
    const odd = methods.filter((method) => getOption(method, access).twoPersons && !getOption(method, access).mutation);
    expect(odd.map(nameOf)).toEqual([]);
  });

  it('that is public has an HTTP form, claimed by nobody else', () => {
    const entries = methodTable(services);
    expect(entries.length).toBeGreaterThan(60);
    new Router(entries);
    const bare = entries.filter(({ method }) => !hasOption(method, http) && method.methodKind !== 'bidi_streaming' && method.methodKind !== 'client_streaming');
    expect(bare.map(({ name }) => name)).toEqual([]);
  });

  it('is in the OpenAPI document, whose references all lead somewhere', () => {
    const entries = methodTable(services);
    const document = openApi({ entries, comments, book: errorBook([]), version: '1', language: 'en' });
    const text = JSON.stringify(document);
    const ids = [...text.matchAll(/"operationId":"([^"]+)"/g)].map((match) => match[1]!);
    expect(new Set(ids).size).toBe(ids.length);
    expect(entries.filter(({ method }) => !ids.includes(method.name)).map(({ name }) => name)).toEqual([]);
    const { schemas } = document.components as { schemas: Record<string, unknown> };
    const dangling = [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map((match) => match[1]!).filter((name) => !(name in schemas));
    expect(dangling).toEqual([]);
  });
});

describe('what the contract says of itself', () => {
  const told = Object.entries(comments).filter(([name]) => !name.includes('.internal.'));
  const chinese = /[一-鿿]/;

  it('is said in Chinese too, every text of it, and in English without any (proto/zh; after a change `npm run proto`)', () => {
    expect(told.length).toBeGreaterThan(600);
    expect(told.filter(([name]) => commentsZh[name] === undefined).map(([name, text]) => `${name}: ${text}`)).toEqual([]);
    expect(unusedZh).toEqual([]);
    expect(told.filter(([, text]) => chinese.test(text)).map(([name]) => name)).toEqual([]);
    // Names, numbers and patterns are the same in both; sentences are not.
    const sentences = told.filter(([, text]) => /[a-z]{3,} [a-z]{2,} [a-z]{2,}/.test(text.replace(/`[^`]*`/g, '')));
    expect(sentences.filter(([name]) => !chinese.test(commentsZh[name]!)).map(([name]) => name)).toEqual([]);
  });

  it('leaves no public method without a word', () => {
    expect(methodTable(services).filter(({ method }) => comments[`${method.parent.typeName}.${method.name}`] === undefined).map(({ name }) => name)).toEqual([]);
  });

  it('makes a document in either language, of the same routes and schemas', () => {
    const entries = methodTable(services);
    const [en, zh] = (['en', 'zh'] as const).map((language) => openApi({ entries, comments: language === 'en' ? comments : commentsZh, book: errorBook([]), version: '1', language }));
    const words = (key: string, value: unknown): unknown => (typeof value === 'string' && ['description', 'summary'].includes(key) ? undefined : value);
    expect(JSON.stringify(zh, words)).toBe(JSON.stringify(en, words));
    const described = (document: unknown): readonly string[] => [...JSON.stringify(document).matchAll(/"(?:description|summary)":"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1]!);
    expect(described(en).filter((text) => chinese.test(text))).toEqual([]);
    expect(described(zh).filter((text) => chinese.test(text)).length).toBeGreaterThan(500);
  });
});
