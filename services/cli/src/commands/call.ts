import { type DescMessage, type DescMethod, type DescMethodServerStreaming, type DescMethodUnary, fromJson, type JsonValue, type Message, toJson } from '@bufbuild/protobuf';
import { PUBLIC_SERVICES } from '@vouchsafe/all-in-one';
import { Connection } from '../client/connection.js';
import { findMethod } from '../client/methods.js';
import type { CallerEnvironment } from '../environment.js';
import { CommandFailure, EXIT, type Speech } from '../speech.js';

const parsed = (schema: DescMessage, text: string): Message => {
  let json: JsonValue;
  try {
    json = JSON.parse(text || '{}') as JsonValue;
  } catch (error) {
    throw new CommandFailure(EXIT.usage, `请求不是 JSON：${(error as Error).message}`, `the request is no JSON: ${(error as Error).message}`);
  }
  try {
    return fromJson(schema, json);
  } catch (error) {
    throw new CommandFailure(EXIT.usage, `请求与 ${schema.typeName} 不符：${(error as Error).message}`, `the request does not fit ${schema.typeName}: ${(error as Error).message}`);
  }
};
const isUnary = (method: DescMethod): method is DescMethodUnary => method.methodKind === 'unary';
const isServerStreaming = (method: DescMethod): method is DescMethodServerStreaming => method.methodKind === 'server_streaming';
const shown = (schema: DescMessage, message: Message): string => JSON.stringify(toJson(schema, message, { alwaysEmitImplicit: true }), null, 2);

/** Calls any method with a JSON request and prints its answer (of a stream: one per line, up to `limit`). */
export const call = async (speech: Speech, environment: CallerEnvironment, name: string, requestText: string, limit: number, approval?: string): Promise<number> => {
  const method = findMethod(PUBLIC_SERVICES, name);
  const request = parsed(method.input, requestText);
  const connection = new Connection({ grpc: environment.grpc, key: environment.key, ...(approval && { approval }) });
  try {
    if (isUnary(method)) speech.say(shown(method.output, await connection.call(method, request)));
    else if (isServerStreaming(method)) {
      let left = limit;
      for await (const answer of connection.stream(method, request)) {
        speech.say(JSON.stringify(toJson(method.output, answer, { alwaysEmitImplicit: true })));
        if (--left === 0) break;
      }
    } else throw new CommandFailure(EXIT.usage, '此命令只支持一元与服务端流方法', 'this command calls unary and server-streaming methods only');
    return EXIT.ok;
  } finally {
    connection.close();
  }
};
