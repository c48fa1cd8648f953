// Writes gen/vouchsafe/comments_pb.ts: what the comments in proto/ say about services, methods, messages and fields, by full
// name, and the same in Chinese by proto/zh. protoc-gen-es keeps comments for editors only; the API pages show them to people.
// Part of `npm run proto`.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../..');
const buf = path.join(root, 'node_modules/.bin/buf');
const image = execFileSync(buf, ['build', '-o', '-#format=binpb'], { cwd: root, maxBuffer: 256 * 1024 * 1024 });

// Field numbers of FileDescriptorProto, DescriptorProto, EnumDescriptorProto and ServiceDescriptorProto: a location's path
// names the element by them.
const STEPS = {
  file: { 4: ['messageType', 'message'], 5: ['enumType', 'enum'], 6: ['service', 'service'] },
  message: { 2: ['field', 'leaf'], 3: ['nestedType', 'message'], 4: ['enumType', 'enum'] },
  enum: { 2: ['value', 'leaf'] },
  service: { 2: ['method', 'leaf'] },
};
const nameOf = (file, steps) => {
  let [at, kind, name] = [file, 'file', file.package];
  for (let i = 0; i < steps.length; i += 2) {
    const step = STEPS[kind]?.[steps[i]];
    if (!step || steps[i + 1] === undefined) return undefined;
    at = at[step[0]][steps[i + 1]];
    kind = step[1];
    name = `${name}.${at.name}`;
  }
  return kind === 'file' ? undefined : name;
};

const comments = new Map();
for (const file of fromBinary(FileDescriptorSetSchema, image).file) {
  if (!file.package.startsWith('vouchsafe.')) continue;
  for (const { path: steps, leadingComments, trailingComments } of file.sourceCodeInfo?.location ?? []) {
    const name = nameOf(file, steps);
    const text = (leadingComments || trailingComments).trim().replace(/\n /g, '\n');
    if (name && text !== '') comments.set(name, text);
  }
}
const sorted = [...comments].sort(([a], [b]) => (a < b ? -1 : 1));
// By the text, not by the name: a comment that was changed is one that nobody has put into Chinese yet.
const folder = path.join(root, 'proto/zh');
const chinese = new Map(readdirSync(folder).sort().flatMap((file) => Object.entries(JSON.parse(readFileSync(path.join(folder, file), 'utf8')))));
const unfolded = (text) => text.replace(/\s+/g, ' ');
const translated = sorted.flatMap(([name, text]) => (chinese.has(unfolded(text)) ? [[name, chinese.get(unfolded(text))]] : []));
const used = new Set(sorted.map(([, text]) => unfolded(text)));

const written = (value) => JSON.stringify(value, undefined, 2);
const out = path.join(here, 'gen/vouchsafe/comments_pb.ts');
mkdirSync(path.dirname(out), { recursive: true });
writeFileSync(out, `// Made by describe.mjs out of proto/. Do not edit.
/** Comments of services, methods, messages, fields and enums, by full name. */
export const comments: Readonly<Record<string, string>> = ${written(Object.fromEntries(sorted))};

/** The same in Chinese; internal contracts are not put into it. */
export const commentsZh: Readonly<Record<string, string>> = ${written(Object.fromEntries(translated))};

/** Texts of proto/zh that no comment has any more. */
export const unusedZh: readonly string[] = ${written([...chinese.keys()].filter((text) => !used.has(text)))};
`);
