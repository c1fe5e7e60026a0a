import { type ClusterAccess, Kubectl } from './kubectl.ts';

/** Cluster-wide: an installation that is in use may have it too. */
const priorityClass = 'webxterm';
const removedWithin = '150s';
const eventsTold = 12;

/** Objects that must not exist before a run, and that the run removes at its end. */
export interface OwnNamespace {
  readonly kubectl: Kubectl;
  /** Address of a node. */
  readonly host: string;
  /** An earlier run left everything in it. */
  readonly applied: boolean;
  remove(): Promise<void>;
  /** Logs its pods and their events before it removes them. */
  reportAndRemove(): Promise<void>;
}

/**
 * `keep`: what an earlier run left there is used, and stays.
 * @throws Error that names the missing part
 */
export const claimNamespace = async (
  access: ClusterAccess,
  { namespace, host, keep }: { namespace: string; host: string | undefined; keep: boolean },
): Promise<OwnNamespace> => {
  const kubectl = new Kubectl(access, namespace);
  await kubectl.run('get', '--raw', '/readyz').catch((error: unknown) => {
    const said = error instanceof Error ? error.message.trim() : String(error);
    throw new Error(
      `no cluster answers. Set KUBECONFIG (and KUBE_CONTEXT, where its current one is another) to a cluster that may be tried on, and KUBECTL where kubectl is not on the PATH. ${said}`,
    );
  });
  const names = '{.items[*].metadata.name}';
  const applied = (await kubectl.words('namespaces', names)).includes(namespace);
  if (applied && !keep)
    throw new Error(
      `the namespace ${namespace} is there already. If an earlier run left it: kubectl delete namespace ${namespace}; else set E2E_K8S_NAMESPACE to another name, or E2E_K8S_KEEP=1 to go on with what is there`,
    );
  const shared = (await kubectl.words('priorityclasses', names)).includes(priorityClass);
  const [node] = await kubectl.words('nodes', '{.items[*].status.addresses[?(@.type=="InternalIP")].address}');
  const address = host ?? node;
  if (address === undefined)
    throw new Error('no node has an address: set E2E_K8S_HOST to where node ports are reached');
  const remove = async (): Promise<void> => {
    if (keep) return;
    await kubectl.run('delete', 'namespace', namespace, '--ignore-not-found', `--timeout=${removedWithin}`);
    if (!shared) await kubectl.run('delete', 'priorityclass', priorityClass, '--ignore-not-found');
  };
  return {
    kubectl,
    host: address,
    applied,
    remove,
    reportAndRemove: async () => {
      const pods = await kubectl.run('get', 'pods', '-o', 'wide');
      const all = await kubectl.run('get', 'events', '--field-selector', 'type=Warning', '--sort-by', '.lastTimestamp');
      const events = all.trim().split('\n').slice(-eventsTold).join('\n');
      process.stderr.write(`${pods}\n${events}\n`);
      await remove();
    },
  };
};
