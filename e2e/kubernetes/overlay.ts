/** Changes of a run to an overlay of k8s/, so that it runs beside an installation that is in use. */
export interface Overlay {
  /** Folder below k8s/overlays. */
  readonly name: 'local' | 'production-trial';
  readonly namespace: string;
  /** The gateway, as the test reaches it: address of a node, and `nodePort`. */
  readonly publicUrl: string;
  readonly nodePort: number;
  /** The prefix of the images' names, with a slash at its end. It may be empty. */
  readonly registry: string;
  readonly tag: string;
}

const images = ['auth', 'agent-hub', 'terminal', 'gateway', 'setup', 'agent'];

const imageLines = ({ registry, tag }: Overlay): string[] =>
  images.map((name) => `  - { name: webxterm/${name}, newName: ${registry}webxterm/${name}, newTag: "${tag}" }`);

/** Node ports are the whole cluster's. */
const withoutOwnNodePort = [
  '  - target: { kind: Service, name: agent-hub-agents }',
  '    patch: |',
  '      - { op: replace, path: /spec/type, value: ClusterIP }',
  '      - { op: remove, path: /spec/ports/0/nodePort }',
];

/**
 * A kustomization over `base` (a path relative to it). Twenty programs run on the demo machine at a time: that is more memory than
 * a person's shell needs. The user who signs in meanwhile is one of the trial, so people may sign up.
 */
export const renderOverlay = (overlay: Overlay, base: string): string =>
  [
    'apiVersion: kustomize.config.k8s.io/v1beta1',
    'kind: Kustomization',
    `namespace: ${overlay.namespace}`,
    `resources: [${JSON.stringify(base)}]`,
    'images:',
    ...imageLines(overlay),
    'patches:',
    '  - target: { kind: ConfigMap, name: webxterm }',
    '    patch: |',
    `      - { op: replace, path: /data/PUBLIC_URL, value: "${overlay.publicUrl}" }`,
    '      - { op: add, path: /data/SIGNUP, value: open }',
    '  - target: { kind: Service, name: gateway }',
    '    patch: |',
    '      - { op: add, path: /spec/type, value: NodePort }',
    `      - { op: add, path: /spec/ports/0/nodePort, value: ${overlay.nodePort} }`,
    ...(overlay.name === 'local' ? withoutOwnNodePort : []),
    '  - target: { kind: Deployment, name: demo }',
    '    patch: |',
    '      - { op: replace, path: /spec/template/spec/containers/0/resources/limits/memory, value: 2Gi }',
    '',
  ].join('\n');
