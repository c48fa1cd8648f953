import os from 'node:os';
import { EXIT } from '../speech.js';
import { importFile } from './import-file.js';

it.each([['/nowhere/codes.csv', '无法读取 /nowhere/codes.csv'], [os.tmpdir(), '不是文件']])('begins no import of what cannot be read (%s)', async (file, zh) => {
  const nobody = (): never => { throw new Error('the platform was called'); };
  const options = { product: 'prd_a', supplier: 'sup_a', unitCost: '1.00' };
  await expect(importFile({ call: nobody, upload: nobody }, file, options)).rejects.toMatchObject({ exit: EXIT.data, zh: expect.stringContaining(zh) });
});
