import { create, toBinary } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { Metadata } from '@grpc/grpc-js';
import { Fault } from '@vouchsafe/kernel';
import { ErrorInfoSchema } from '@vouchsafe/proto/google/rpc/error_details';
import { StatusSchema } from '@vouchsafe/proto/google/rpc/status';
import { explain } from './explain.js';
import { CommandFailure, createSpeech, EXIT, type Locale } from './speech.js';

/** The exit code, and what is said on stderr; nothing is said on stdout. */
const told = (error: unknown, locale: Locale = 'en', json = false): readonly [number, string] => {
  let [out, err] = ['', ''];
  const exit = explain(error, createSpeech(locale, json, { out: (text) => { out += text; }, err: (text) => { err += text; } }));
  expect(out).toBe('');
  return [exit, err];
};
const refused = (code: number, details: string) => Object.assign(new Error(`${code} FAILED_PRECONDITION: ${details}`), { code, details, metadata: new Metadata() });

it('says what went wrong in the reader’s language, and by an exit code', () => {
  const failure = new CommandFailure(EXIT.config, '缺少变量', 'a variable is missing');
  expect([told(failure, 'zh'), told(failure)]).toEqual([[EXIT.config, '✘ 缺少变量\n'], [EXIT.config, '✘ a variable is missing\n']]);
  expect(told(new Fault('DIRECTORY_IN_USE', '/d is in use', false), 'zh')).toEqual([EXIT.unavailable, '✘ DIRECTORY_IN_USE: 平台正在此目录上运行：请先停止它（/d is in use）\n']);
  const damage = new Fault('LOG_DAMAGED', 'log/0.seg at byte 7', false);
  expect([told(damage), told(damage, 'zh')]).toEqual([[EXIT.data, '✘ LOG_DAMAGED: log/0.seg at byte 7\n'], [EXIT.data, expect.stringMatching(/^✘ LOG_DAMAGED: 日志已损坏.*请恢复备份.*（log\/0\.seg at byte 7）\n$/)]]);
  expect(told(new Fault('UNHEARD_OF', 'that', true), 'zh')).toEqual([EXIT.unavailable, '✘ UNHEARD_OF: that\n']);
  expect(told(refused(9, 'ALREADY_REDEEMED: used'))).toEqual([EXIT.refused, '✘ ALREADY_REDEEMED: used\n']);
  expect(told(refused(14, 'No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:9. Resolution note: '))).toEqual([EXIT.unavailable, '✘ the platform cannot be reached: is it running? (make up) connect ECONNREFUSED 127.0.0.1:9\n']);
});
it('says it as an object with --json', () => {
  expect(told(refused(9, 'ALREADY_REDEEMED: used'), 'en', true)).toEqual([EXIT.refused, '{"error":{"code":"ALREADY_REDEEMED","message":"ALREADY_REDEEMED: used"},"exit":1}\n']);
  expect(told(new CommandFailure(EXIT.usage, '零', 'nothing'), 'zh', true)).toEqual([EXIT.usage, '{"error":{"code":"USAGE","message":"零"},"exit":64}\n']);
});
it('tells the details that a refusal refers to', () => {
  const error = refused(9, 'ALREADY_REDEEMED: see the details');
  const info = anyPack(ErrorInfoSchema, create(ErrorInfoSchema, { reason: 'ALREADY_REDEEMED', metadata: { redeemedAtMs: '1772413200000', storeId: 'sto_lake' } }));
  error.metadata.set('grpc-status-details-bin', Buffer.from(toBinary(StatusSchema, create(StatusSchema, { code: 9, details: [info] }))));
  expect(told(error)[1]).toBe('✘ ALREADY_REDEEMED: see the details\n    redeemedAtMs: 1772413200000 (2026-03-02T01:00:00.000Z)\n    storeId: sto_lake\n');
  expect(JSON.parse(told(error, 'en', true)[1])).toMatchObject({ error: { code: 'ALREADY_REDEEMED', details: { redeemedAtMs: '1772413200000', storeId: 'sto_lake' } } });
});
it('explains no bug away', () => expect(() => told(new TypeError('x'))).toThrow('x'));
