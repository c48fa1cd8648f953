import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import { CompressionCodecs, CompressionTypes } from 'kafkajs';
import { unlz4 } from './lz4.js';
import { unsnappy } from './snappy.js';

type Codec = { compress(encoder: { buffer: Buffer }): Promise<Buffer>; decompress(data: Buffer): Promise<Buffer> };

const readOnly = (name: string, decompress: (data: Buffer) => Buffer): (() => Codec) => () => ({
  compress: async () => {
    throw new Error(`we write no ${name}, we only read it`);
  },
  decompress: async (data) => decompress(data),
});

/**
 * A batch in a codec that kafkajs does not know ends its consumer for good. Mended: zstd by Node itself, snappy and lz4 of
 * other clients can be read. May be called twice.
 */
export const mendCodecs = (): void => {
  CompressionCodecs[CompressionTypes.ZSTD] = (): Codec => ({
    compress: ({ buffer }) => promisify(zstdCompress)(buffer),
    decompress: (data) => promisify(zstdDecompress)(data),
  });
  CompressionCodecs[CompressionTypes.Snappy] = readOnly('snappy', unsnappy);
  CompressionCodecs[CompressionTypes.LZ4] = readOnly('lz4', unlz4);
};
