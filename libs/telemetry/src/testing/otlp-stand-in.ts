import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RecordedSpan } from './recorded-tracing.js';

/** A span as a process sent it. */
export type SentSpan = RecordedSpan & { readonly service: string };
/** Stands in for a collector in tests: takes spans over OTLP/HTTP as JSON and keeps them. Not one: nothing is checked, sampled or passed on. */
export type OtlpStandIn = { readonly url: string; readonly spans: () => readonly SentSpan[]; close(): Promise<void> };

type Value = { readonly stringValue?: string; readonly intValue?: number | string; readonly doubleValue?: number; readonly boolValue?: boolean };
type Attribute = { readonly key: string; readonly value: Value };
type WireSpan = { readonly traceId: string; readonly spanId: string; readonly parentSpanId?: string; readonly name: string; readonly attributes?: readonly Attribute[]; readonly links?: readonly { readonly traceId: string }[] };
type Export = { readonly resourceSpans: readonly { readonly resource: { readonly attributes: readonly Attribute[] }; readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[] }[] };

export const otlpStandIn = async (): Promise<OtlpStandIn> => {
  const kept: SentSpan[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      kept.push(...sent(JSON.parse(Buffer.concat(parts).toString()) as Export));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans: () => kept,
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
};

const plain = (attributes: readonly Attribute[] = []): Readonly<Record<string, unknown>> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue ?? value.doubleValue ?? value.boolValue]));

const sent = ({ resourceSpans }: Export): readonly SentSpan[] => resourceSpans.flatMap(({ resource, scopeSpans }) =>
  scopeSpans.flatMap(({ spans }) => spans.map(({ traceId, spanId, parentSpanId, name, attributes, links = [] }) => ({
    name, traceId, spanId, parent: parentSpanId === '' ? undefined : parentSpanId, links: links.map((link) => link.traceId), attributes: plain(attributes), service: String(plain(resource.attributes)['service.name']),
  }))));
