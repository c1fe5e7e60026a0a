import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as passed } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { MachinePrograms } from '../faults/numbered-terminal.ts';
import type { Kubectl } from './kubectl.ts';
import { type Overlay, renderOverlay } from './overlay.ts';

const projectFolder = fileURLToPath(new URL('../..', import.meta.url));
const programFolder = fileURLToPath(new URL('../faults', import.meta.url));
/** Where the demo machine keeps what its terminals run. */
const folderOnMachine = '/home/node/numbered';

const readyWithinMs = 300_000;
const rolledWithin = '180s';
const goneWithin = '90s';

const ContainerStatuses = z
  .array(
    z.looseObject({
      image: z.string(),
      restartCount: z.number(),
      state: z.looseObject({
        waiting: z.looseObject({ reason: z.string(), message: z.string().default('') }).optional(),
      }),
    }),
  )
  .default([]);
const Pods = z.object({
  items: z.array(
    z.looseObject({
      metadata: z.looseObject({ name: z.string() }),
      status: z.looseObject({ initContainerStatuses: ContainerStatuses, containerStatuses: ContainerStatuses }),
    }),
  ),
});

/** The whole product in a namespace of its own, and what an operator does to it. */
export class Installation {
  readonly url: string;
  readonly #kubectl: Kubectl;
  readonly #overlay: Overlay;

  constructor(kubectl: Kubectl, overlay: Overlay) {
    this.#kubectl = kubectl;
    this.#overlay = overlay;
    this.url = overlay.publicUrl;
  }

  /** Applies k8s/overlays/… by server-side apply. @returns what the API server said of each object */
  async apply(): Promise<string> {
    const folder = mkdtempSync(join(tmpdir(), 'webxterm-k8s-'));
    try {
      const base = relative(folder, join(projectFolder, 'k8s/overlays', this.#overlay.name));
      writeFileSync(join(folder, 'kustomization.yaml'), renderOverlay(this.#overlay, base));
      return await this.#kubectl.run('apply', '--server-side', '--kustomize', folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Resolves when every Deployment is available. @throws Error at once when an image is not there */
  async ready(): Promise<void> {
    const deadline = performance.now() + readyWithinMs;
    for (;;) {
      const unready = await this.#unready();
      if (unready.length === 0) return;
      await this.#refuseMissingImages();
      if (performance.now() > deadline)
        throw new Error(`not available after ${readyWithinMs / 1000} s: ${unready.join(', ')}`);
      await passed(500);
    }
  }

  /** Every pod of the service anew, as an operator rolls it; resolves when the old ones are gone. */
  async roll(kind: 'deployment' | 'statefulset', name: string): Promise<void> {
    const old = await this.#kubectl.pods(name);
    await this.#kubectl.run('rollout', 'restart', `${kind}/${name}`);
    await this.#rolledOut(kind, name);
    // A StatefulSet's new pod has the old one's name.
    if (kind === 'deployment') await this.#gone(old);
  }

  async scale(name: string, replicas: number): Promise<void> {
    const old = await this.#kubectl.pods(name);
    await this.#kubectl.run('scale', `deployment/${name}`, `--replicas=${replicas}`);
    await this.#rolledOut('deployment', name);
    while ((await this.#kubectl.pods(name)).length > replicas) await passed(200);
    if (old.length < replicas) await this.ready();
  }

  /** Each pod of the service in turn, without its time to end; the next one once there are as many as before. */
  async killEach(name: string): Promise<void> {
    for (const pod of await this.#kubectl.pods(name)) {
      await this.#kill(pod);
      await this.#rolledOut('deployment', name);
    }
  }

  /** A member of a StatefulSet less, or more; resolves when the others are ready. */
  async scaleServer(name: string, replicas: number): Promise<void> {
    await this.#kubectl.run('scale', `statefulset/${name}`, `--replicas=${replicas}`);
    await this.#rolledOut('statefulset', name);
    while ((await this.#kubectl.pods(name)).length > replicas) await passed(200);
  }

  /** A pod of a StatefulSet; resolves when the new one is ready. */
  async killServer(name: string, pod: string): Promise<void> {
    await this.#kill(pod);
    await this.#rolledOut('statefulset', name);
  }

  async adminPassword(): Promise<string> {
    const encoded = await this.#kubectl.run('get', 'secret', 'webxterm-auth', '-o', 'jsonpath={.data.admin-password}');
    return Buffer.from(encoded, 'base64').toString().trim();
  }

  /** Brings what the watched terminals run to the demo machine. */
  async bringPrograms(): Promise<MachinePrograms> {
    const [pod = ''] = await this.#kubectl.pods('demo');
    for (const name of ['numbered-program.ts', 'numbered-stream.ts'])
      await this.#kubectl.writeFile(pod, `${folderOnMachine}/${name}`, readFileSync(join(programFolder, name), 'utf8'));
    await this.#kubectl.writeFile(pod, `${folderOnMachine}/package.json`, '{"type":"module"}');
    return { node: '/opt/vsay-agent/current/bin/node', numbered: `${folderOnMachine}/numbered-program.ts` };
  }

  /** How often each pod that there is now was started again by its node. */
  async restarts(): Promise<ReadonlyMap<string, number>> {
    const { items } = await this.#pods();
    return new Map(
      items.map(({ metadata, status }) => [
        metadata.name,
        status.containerStatuses.reduce((sum, { restartCount }) => sum + restartCount, 0),
      ]),
    );
  }

  async #unready(): Promise<string[]> {
    const range = '{range .items[*]}{.metadata.name}{"="}{.status.availableReplicas}{"/"}{.spec.replicas}{" "}{end}';
    const [deployments, servers] = [
      await this.#kubectl.words('deployments', range),
      await this.#kubectl.words('statefulsets', range),
    ];
    return [...deployments, ...servers].filter((word) => {
      const [, available = '', wanted = ''] = /=(\d*)\/(\d+)$/.exec(word) ?? [];
      return Number(available) < Number(wanted);
    });
  }

  async #refuseMissingImages(): Promise<void> {
    for (const { metadata, status } of (await this.#pods()).items)
      for (const { image, state } of [...status.initContainerStatuses, ...status.containerStatuses])
        if (/^(ErrImage|ImagePull|InvalidImage)/.test(state.waiting?.reason ?? ''))
          throw new Error(
            `the cluster has no image ${image} for ${metadata.name} and cannot pull it (${state.waiting?.message}): build and load the images as docs/kubernetes.md describes`,
          );
  }

  async #pods(): Promise<z.output<typeof Pods>> {
    return Pods.parse(JSON.parse(await this.#kubectl.run('get', 'pods', '-o', 'json')));
  }

  async #kill(pod: string): Promise<void> {
    await this.#kubectl.run('delete', 'pod', pod, '--force', '--grace-period=0', '--wait=true');
  }

  async #rolledOut(kind: 'deployment' | 'statefulset', name: string): Promise<void> {
    await this.#kubectl.run('rollout', 'status', `${kind}/${name}`, `--timeout=${rolledWithin}`);
  }

  async #gone(pods: readonly string[]): Promise<void> {
    const names = pods.map((name) => `pod/${name}`);
    await this.#kubectl.run('wait', '--for=delete', ...names, `--timeout=${goneWithin}`);
  }
}
