import { readFileSync } from 'node:fs';
import path from 'node:path';

export type Asset = { readonly contentType: string; readonly body: Buffer };
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8', '.css': 'text/css; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.png': 'image/png', '.svg': 'image/svg+xml',
};
const load = (folder: string, name: string): Asset => ({ contentType: TYPES[path.extname(name)]!, body: readFileSync(path.join(folder, name)) });

/** Our own pages lie beside the package's sources, for they need no compiling. */
const PUBLIC = path.resolve(__dirname, '../../../public');
const OWN = ['index.html', 'page.css', 'page.js', 'docs.html', 'docs.js', 'icon.svg'] as const;
const SWAGGER = ['swagger-ui.css', 'swagger-ui-bundle.js'] as const;

/** Files served to browsers, read once: nothing comes from elsewhere, and no path is ever made of what a browser sends. */
export const loadAssets = (): ReadonlyMap<string, Asset> => {
  const swagger = path.dirname(require.resolve('swagger-ui-dist/package.json'));
  return new Map([...OWN.map((name) => [name, load(PUBLIC, name)] as const), ...SWAGGER.map((name) => [name, load(swagger, name)] as const)]);
};

/** Scripts, styles and calls from here only. Swagger UI writes styles into its elements. */
export const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'cross-origin-opener-policy': 'same-origin', 'x-frame-options': 'DENY',
} as const;
export const DOCS_SECURITY_HEADERS = { ...SECURITY_HEADERS, 'content-security-policy': SECURITY_HEADERS['content-security-policy'].replace("style-src 'self'", "style-src 'self' 'unsafe-inline'") } as const;
