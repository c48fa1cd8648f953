import { type Catalogue, type CatalogueEntry, type ErrorBook, errorBook, refusalKindOf, wireStatus } from '@vouchsafe/rpc';
import { gatewayErrors } from '../../application/errors.js';

/** HTTP statuses nearer than the kind's. */
const HTTP: Readonly<Record<string, number>> = { METHOD_NOT_ALLOWED: 405, BODY_TOO_LARGE: 413, MEDIA_TYPE_UNSUPPORTED: 415 };
const statusOf = (code: string, { kind }: CatalogueEntry): { readonly kind: string; readonly grpc: string; readonly http: number } => {
  const real = refusalKindOf(code, kind);
  const { grpcName, http } = wireStatus(real);
  return { kind: real, grpc: grpcName, http: HTTP[code] ?? http };
};
const sorted = ({ entries }: ErrorBook): readonly (readonly [string, CatalogueEntry])[] =>
  [...entries].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([code, known]) => known.map((entry) => [code, entry] as const));

/** `docs/errors.md`: every code of these services and of the gateway, what it means and what to do, in both languages. */
export const errorsMarkdown = (catalogues: readonly Catalogue[]): string => {
  const book = errorBook([gatewayErrors, ...catalogues]);
  const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
  const rows = sorted(book).map(([code, entry]) => {
    const { kind, grpc, http } = statusOf(code, entry);
    return `| \`${code}\` | ${kind} | ${grpc} | ${http} | ${cell(entry.en)}<br>${cell(entry.zh)} | ${cell(entry.remedyEn)}<br>${cell(entry.remedyZh)} |`;
  });
  return [
    '# Errors · 错误码', '',
    'Generated from the services’ catalogues; do not edit. The code is `code` in HTTP problems and `ErrorInfo.reason` in gRPC status details.',
    '由各服务的错误目录生成，请勿手改。HTTP 见 problem+json 的 `code`，gRPC 见 `ErrorInfo.reason`。', '',
    '| code | kind | gRPC | HTTP | meaning · 含义 | what to do · 处理 |', '| --- | --- | --- | --- | --- | --- |', ...rows, '',
  ].join('\n');
};

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replace(/`([^`]+)`/g, '<code>$1</code>');

/** The same as a page at /docs/errors, which problems point to. */
export const errorsHtml = (book: ErrorBook): string => {
  const rows = sorted(book).map(([code, entry], index, all) => {
    const { grpc, http } = statusOf(code, entry);
    const anchor = all[index - 1]?.[0] === code ? '' : ` id="${code}"`; // a code of two services has two rows; links lead to the first
    return `<tr${anchor}><td><code>${code}</code></td><td>${http}<br><small>${grpc}</small></td>` +
      `<td lang="zh">${escaped(entry.zh)}<br><small>${escaped(entry.remedyZh)}</small></td><td lang="en">${escaped(entry.en)}<br><small>${escaped(entry.remedyEn)}</small></td></tr>`;
  });
  return `<!doctype html><html lang="zh"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Vouchsafe 错误码 · Errors</title><link rel="icon" href="/assets/icon.svg"><link rel="stylesheet" href="/assets/page.css"></head>
<body><main><h1>错误码 · Errors</h1><p><a href="/">首页 · Home</a> · <a href="/docs">API</a></p><table><thead><tr><th>code</th><th>HTTP / gRPC</th><th>含义与处理</th><th>Meaning and remedy</th></tr></thead><tbody>
${rows.join('\n')}
</tbody></table></main></body></html>`;
};
