import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const maxOutputBytes = 16 * 1024 * 1024;

export interface ClusterAccess {
  /** The program. */
  readonly kubectl: string;
  /** Undefined: the kubeconfig's current one. */
  readonly context: string | undefined;
}

/** The actions of an operator on one namespace of a cluster, by kubectl. */
export class Kubectl {
  readonly namespace: string;
  readonly #access: ClusterAccess;

  constructor(access: ClusterAccess, namespace: string) {
    this.namespace = namespace;
    this.#access = access;
  }

  /** @returns what it wrote @throws Error with what it said */
  run(...args: string[]): Promise<string> {
    return this.#runWith('', args);
  }

  /** Applies objects by server-side apply. */
  apply(...objects: readonly object[]): Promise<string> {
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
    return this.#runWith(list, ['apply', '--server-side', '--filename', '-']);
  }

  /** Writes `text` into a file of a pod. */
  async writeFile(pod: string, path: string, text: string): Promise<void> {
    const script = `mkdir -p "$(dirname '${path}')" && cat > '${path}'`;
    await this.#runWith(text, ['exec', '--stdin', pod, '--', 'sh', '-c', script]);
  }

  /** The words that the expression of `-o jsonpath` gives of the objects of a kind. */
  async words(kind: string, jsonpath: string, ...args: string[]): Promise<string[]> {
    const text = await this.run('get', kind, ...args, '-o', `jsonpath=${jsonpath}`);
    return text.split(/\s+/).filter((word) => word !== '');
  }

  pods(service: string): Promise<string[]> {
    return this.words('pods', '{.items[*].metadata.name}', '-l', `app.kubernetes.io/name=${service}`);
  }

  async #runWith(input: string, args: readonly string[]): Promise<string> {
    const { kubectl, context } = this.#access;
    const common = [...(context === undefined ? [] : ['--context', context]), '--namespace', this.namespace];
    const running = run(kubectl, [...common, ...args], { maxBuffer: maxOutputBytes });
    running.child.stdin?.end(input);
    return (await running).stdout;
  }
}
