import { brotliCompressSync, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import mantine from 'postcss-preset-mantine';
import { defineConfig, type Plugin } from 'vite';

const compressible = /\.(js|css|svg|html|webmanifest)$/;
/** Below this a compressed copy saves no packet (one TCP segment carries 1,460 bytes). */
const worthCompressing = 1400;

/** Writes `.br` and `.gz` beside each text asset, so that the gateway compresses nothing per request. */
const precompressed = (): Plugin => ({
  name: 'webxterm:precompressed',
  apply: 'build',
  enforce: 'post',
  generateBundle(_options, bundle) {
    for (const [fileName, file] of Object.entries(bundle)) {
      if (!compressible.test(fileName)) continue;
      const source = Buffer.from(file.type === 'chunk' ? file.code : file.source);
      if (source.length < worthCompressing) continue;
      this.emitFile({ type: 'asset', fileName: `${fileName}.br`, source: brotliCompressSync(source) });
      this.emitFile({ type: 'asset', fileName: `${fileName}.gz`, source: gzipSync(source, { level: 9 }) });
    }
  },
});

export default defineConfig({
  plugins: [react(), precompressed()],
  css: { postcss: { plugins: [mantine()] } },
  build: {
    // A data: URL in CSS would need `img-src data:` in the content security policy.
    assetsInlineLimit: 0,
    // The polyfill is an inline script; every browser that runs this UI knows module preload.
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  server: {
    proxy: { '/api': { target: 'http://127.0.0.1:8080', ws: true }, '/.well-known': 'http://127.0.0.1:8080' },
  },
});
