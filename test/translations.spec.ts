import { readFileSync } from 'node:fs';
import path from 'node:path';

const read = (file: string): string => readFileSync(path.resolve(__dirname, '..', file), 'utf8');
/** Commands of a page as a person would paste them, without remarks. */
const commandsIn = (text: string): readonly string[] =>
  [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap((block) => block[1].split('\n').map((line) => line.replace(/(^|\s+)#( .*)?$/, '').trimEnd()).filter((line) => line !== ''));

it.each([['README.md', 'README.zh-CN.md']])('%s and its Chinese counterpart have the same commands', (english, chinese) => {
  expect(commandsIn(read(english)).length).toBeGreaterThan(15);
  expect(commandsIn(read(chinese))).toEqual(commandsIn(read(english)));
});

it.each([['docs/operations.md', 'docs/operations.zh-CN.md']])('%s has every command of its Chinese counterpart, so that none there is out of date', (english, chinese) => {
  const known = commandsIn(read(english));
  const told = commandsIn(read(chinese));
  expect(told.length).toBeGreaterThan(12);
  expect(told.filter((command) => !known.includes(command))).toEqual([]);
});

it.each(['docs/operations', 'docs/architecture', 'README'])('%s leads to its Chinese counterpart and back', (page) => {
  expect(read(`${page}.md`)).toContain(`(${path.basename(page)}.zh-CN.md)`);
  expect(read(`${page}.zh-CN.md`)).toContain(`(${path.basename(page)}.md)`);
});
