import { defineConfig } from 'vitest/config';

const {
  E2E_K8S_KEEP,
  KUBECTL,
  KUBE_CONTEXT,
  E2E_K8S_NAMESPACE,
  E2E_K8S_NODE_PORT,
  E2E_K8S_HOST,
  E2E_K8S_REGISTRY,
  E2E_K8S_TAG,
} = process.env;

/** Needs a Kubernetes cluster that has the images: `npm run e2e:k8s`. See docs/kubernetes.md. */
export default defineConfig({
  test: {
    name: 'k8s',
    include: ['e2e/kubernetes/**/*.k8s.ts'],
    testTimeout: 120_000,
    fileParallelism: false,
    provide: {
      cluster: {
        access: { kubectl: KUBECTL ?? 'kubectl', context: KUBE_CONTEXT },
        namespace: E2E_K8S_NAMESPACE ?? 'webxterm-e2e',
        nodePort: Number(E2E_K8S_NODE_PORT ?? 30_880),
        host: E2E_K8S_HOST,
        registry: E2E_K8S_REGISTRY ?? '',
        keep: E2E_K8S_KEEP === '1',
        tag: E2E_K8S_TAG ?? '0.1.0',
      },
    },
  },
});
