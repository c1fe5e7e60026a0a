import { readFile, writeFile } from 'node:fs/promises';
import type { ClientRequest } from 'node:http';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import mantine from 'postcss-preset-mantine';
import { defineConfig, type Plugin, type ProxyOptions } from 'vite';

const compressible = /\.(js|css|svg|html|webmanifest)$/;
/** Below this a compressed copy saves no packet (one TCP segment carries 1,460 bytes). */
const worthCompressing = 1400;

/**
 * Writes `.br` and `.gz` beside each text asset, so that the gateway compresses nothing per request. From what was
 * written to disk: Vite still changes chunks (the list of modules to preload) after every plugin's generateBundle.
 */
const precompressed = (): Plugin => ({
  name: 'webxterm:precompressed',
  apply: 'build',
  async writeBundle({ dir }, bundle) {
    if (dir === undefined) return;
    const files = Object.keys(bundle).filter((fileName) => compressible.test(fileName));
    await Promise.all(
      files.map(async (fileName) => {
        const path = join(dir, fileName);
        const source = await readFile(path);
        if (source.length < worthCompressing) return;
        await writeFile(`${path}.br`, brotliCompressSync(source));
        await writeFile(`${path}.gz`, gzipSync(source, { level: 9 }));
      }),
    );
  },
});

/** `npm run dev`: the gateway of a running stack. */
const gateway = process.env.WEBXTERM_DEV_TARGET ?? 'http://127.0.0.1:8080';

/**
 * The gateway answers only to its own Host, and only pages of its own origin: requests and WebSockets of the development page
 * get both. A stack with TLS has a certificate of its private CA.
 */
const toGateway: ProxyOptions = {
  target: gateway,
  changeOrigin: true,
  ws: true,
  secure: false,
  configure: (proxy) => {
    const withOwnOrigin = (request: ClientRequest): void => {
      if (request.hasHeader('origin')) request.setHeader('origin', new URL(gateway).origin);
    };
    proxy.on('proxyReq', withOwnOrigin);
    proxy.on('proxyReqWs', withOwnOrigin);
  },
};

export default defineConfig(({ command }) => {
  // A build under a test runner inherits NODE_ENV=test, and React would come in its development form: a third larger.
  if (command === 'build') process.env.NODE_ENV = 'production';
  return {
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
      proxy: { '/api': toGateway, '/.well-known': toGateway },
    },
  };
});
