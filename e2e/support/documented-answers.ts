import { z } from 'zod';

const Answer = z.object({ 'x-error-codes': z.array(z.string()).optional() });
const Reference = z.object({ $ref: z.string() });
const Document = z.object({
  paths: z.record(
    z.string(),
    z.record(z.string(), z.object({ responses: z.record(z.string(), z.union([Reference, Answer])) })),
  ),
  components: z.object({ responses: z.record(z.string(), Answer) }),
});

interface Operation {
  readonly name: string;
  readonly method: string;
  readonly pattern: RegExp;
  /** The codes of each status that is documented; of a success there are none. */
  readonly codes: ReadonlyMap<number, readonly string[]>;
}

const patternOf = (path: string): RegExp =>
  new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`);

/** An answer as a test saw it. `code` of its body; undefined where it has none. */
export interface SeenAnswer {
  readonly method: string;
  /** With or without a query. */
  readonly path: string;
  readonly status: number;
  readonly code: unknown;
}

/** What the OpenAPI document of a running gateway says that each route can answer. */
export class DocumentedAnswers {
  readonly #operations: readonly Operation[];

  constructor(served: unknown) {
    const { paths, components } = Document.parse(served);
    const codesOf = (answer: z.infer<typeof Reference> | z.infer<typeof Answer>): readonly string[] => {
      const found = '$ref' in answer ? components.responses[answer.$ref.replace(/^.*\//, '')] : answer;
      return found?.['x-error-codes'] ?? [];
    };
    const all = Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, { responses }]) => ({
        name: `${method} ${path}`,
        method,
        pattern: patternOf(path),
        codes: new Map(Object.entries(responses).map(([status, answer]) => [Number(status), codesOf(answer)])),
      })),
    );
    // A path without parameters counts before one with them.
    this.#operations = all.sort((a, b) => Number(a.name.includes('{')) - Number(b.name.includes('{')));
  }

  static async of(url: string): Promise<DocumentedAnswers> {
    const response = await fetch(`${url}/api/openapi.json`);
    return new DocumentedAnswers(await response.json());
  }

  /** Undefined: it is documented, or of no route. */
  missing({ method, path, status, code }: SeenAnswer): string | undefined {
    const asked = method === 'HEAD' ? 'get' : method.toLowerCase();
    const plain = path.replace(/\?.*$/, '');
    const operation = this.#operations.find((each) => each.method === asked && each.pattern.test(plain));
    if (operation === undefined) return undefined;
    const codes = operation.codes.get(status);
    if (codes === undefined) return `${operation.name} answered ${status} ${code}, a status that OpenAPI does not have`;
    if (status < 400 || (typeof code === 'string' && codes.includes(code))) return undefined;
    return `${operation.name} answered ${status} ${code}; OpenAPI has ${codes.join(', ')} for that status`;
  }
}
