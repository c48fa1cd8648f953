// TypeScript always; node_modules only where the nearest package.json says `type: module` (or the file is .mjs), for jest
// runs CommonJS and several of our dependencies ship ES modules only.
const fs = require('node:fs');
const path = require('node:path');
const { createTransformer } = require('@swc/jest');

const typeByFolder = new Map();
const isEsm = (file) => {
  if (file.endsWith('.mjs')) return true;
  if (file.endsWith('.cjs')) return false;
  const folder = path.dirname(file);
  if (!typeByFolder.has(folder)) typeByFolder.set(folder, folderIsEsm(folder));
  return typeByFolder.get(folder);
};
const folderIsEsm = (folder) => {
  const manifest = path.join(folder, 'package.json');
  if (fs.existsSync(manifest)) {
    const { type } = JSON.parse(fs.readFileSync(manifest, 'utf8'));
    if (type) return type === 'module';
  }
  const up = path.dirname(folder);
  return up !== folder && path.basename(folder) !== 'node_modules' && folderIsEsm(up);
};

const typescript = {
  jsc: {
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    target: 'es2024',
  },
  module: { type: 'commonjs' },
  sourceMaps: 'inline',
};
const javascript = { jsc: { parser: { syntax: 'ecmascript' }, target: 'es2024' }, module: { type: 'commonjs' } };

/** The MongoDB driver loads `os` by a dynamic import, which jest refuses; it hides the refusal and then cannot connect. */
const importsDynamically = (file) => file.endsWith(path.join('mongodb', 'lib', 'runtime_adapters.js'));

module.exports = {
  createTransformer() {
    const ts = createTransformer(typescript);
    const js = createTransformer(javascript);
    return {
      getCacheKey: (source, file, options) => `${ts.getCacheKey(source, file, options)}${importsDynamically(file) ? '-cjs' : ''}`,
      process(source, file, options) {
        if (/\.tsx?$/.test(file)) return ts.process(source, file, options);
        return isEsm(file) || importsDynamically(file) ? js.process(source, file, options) : { code: source };
      },
    };
  },
};
