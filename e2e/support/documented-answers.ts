import { commonErrors } from '@webxterm/contracts/rest';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';
import { z } from 'zod';

const Answer = z.object({
  'x-error-codes': z.array(z.string()).optional(),
  headers: z.record(z.string(), z.object({ required: z.boolean().optional() })).optional(),
  content: z.record(z.string(), z.looseObject({})).optional(),
});
type Answer = z.infer<typeof Answer>;
const Reference = z.object({ $ref: z.string() });
const Document = z.object({
  paths: z.record(
    z.string(),
    z.record(z.string(), z.object({ responses: z.record(z.string(), z.union([Reference, Answer])) })),
  ),
  components: z.object({ responses: z.record(z.string(), Answer) }),
});

interface DocumentedAnswer extends Answer {
  /** Compiles the schema of the JSON body, at the first call. Undefined: the answer has none. */
  readonly validator: (() => ValidateFunction) | undefined;
}

interface Operation {
  readonly name: string;
  readonly method: string;
  readonly pattern: RegExp;
  readonly answers: ReadonlyMap<number, DocumentedAnswer>;
}

const patternOf = (path: string): RegExp =>
  new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`);

const jsonType = 'application/json';

/** The part of a JSON pointer for one key. */
const pointer = (key: string): string => encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'));

/** An answer as a test received it. */
export interface SeenAnswer {
  readonly method: string;
  /** With or without a query. */
  readonly path: string;
  readonly status: number;
  readonly headers: Headers;
  /** The JSON body. Undefined: it has none, or is of another type. */
  readonly body: unknown;
}

const codeOf = (body: unknown): unknown => z.object({ code: z.string() }).safeParse(body).data?.code;

/** Answers of the gateway to a request that belongs to no route. */
const refusals: ReadonlySet<unknown> = new Set([...commonErrors, 'not_found', 'method_not_allowed']);

/** The answers of each route, by the OpenAPI document of a running gateway. */
export class DocumentedAnswers {
  readonly #operations: readonly Operation[];

  constructor(served: unknown) {
    const { paths, components } = Document.parse(served);
    const ajv = new Ajv2020({ strict: false, allErrors: true });
    ajvFormats.default(ajv);
    ajv.addSchema({ $id: 'openapi', ...z.looseObject({}).parse(served) });
    const documented = (at: string, given: z.infer<typeof Reference> | Answer): DocumentedAnswer => {
      const shared = '$ref' in given;
      const name = shared ? given.$ref.replace(/^.*\//, '') : '';
      const answer = shared ? components.responses[name] : given;
      if (answer === undefined) throw new Error(`OpenAPI has no response ${name}`);
      const where = shared ? `components/responses/${pointer(name)}` : at;
      const hasJson = answer.content?.[jsonType] !== undefined;
      const schema = `openapi#/${where}/content/${pointer(jsonType)}/schema`;
      // Compiling those of all routes takes seconds, and most test files call few.
      let compiled: ValidateFunction | undefined;
      const validator = (): ValidateFunction => {
        compiled ??= ajv.compile({ $ref: schema });
        return compiled;
      };
      return { ...answer, validator: hasJson ? validator : undefined };
    };
    const all = Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, { responses }]) => ({
        name: `${method} ${path}`,
        method,
        pattern: patternOf(path),
        answers: new Map(
          Object.entries(responses).map(([status, answer]) => [
            Number(status),
            documented(`paths/${pointer(path)}/${method}/responses/${status}`, answer),
          ]),
        ),
      })),
    );
    // A path without parameters counts before one with them.
    this.#operations = all.sort((a, b) => Number(a.name.includes('{')) - Number(b.name.includes('{')));
  }

  static async of(url: string): Promise<DocumentedAnswers> {
    const response = await fetch(`${url}/api/openapi.json`);
    return new DocumentedAnswers(await response.json());
  }

  /** Compiles the schemas of all answers, as a program that reads the document does. @throws Error for an invalid one. @returns their number */
  compileAll(): number {
    return this.#operations
      .flatMap(({ answers }) => [...answers.values()])
      .flatMap(({ validator }) => validator?.() ?? []).length;
  }

  /** How the answer differs from the document: route, status, code, headers, type, body. Undefined: it does not. */
  missing({ method, path, status, headers, body }: SeenAnswer): string | undefined {
    const asked = method === 'HEAD' ? 'get' : method.toLowerCase();
    const plain = path.replace(/\?.*$/, '');
    const code = codeOf(body);
    const operation = this.#operations.find((each) => each.method === asked && each.pattern.test(plain));
    if (operation === undefined)
      return status >= 400 && refusals.has(code)
        ? undefined
        : `${asked} ${plain} answered ${status} ${code ?? ''}, and OpenAPI has no such route`;
    const answer = operation.answers.get(status);
    const what = `${operation.name} answered ${status}`;
    if (answer === undefined) return `${what} ${code}, a status that OpenAPI does not have`;
    const codes = answer['x-error-codes'] ?? [];
    if (status >= 400 && !(typeof code === 'string' && codes.includes(code)))
      return `${what} ${code}; OpenAPI has ${codes.join(', ')} for that status`;
    return (
      wrongHeaders(what, answer, headers) ?? (method === 'HEAD' ? undefined : wrongBody(what, answer, headers, body))
    );
  }
}

const wrongHeaders = (what: string, answer: DocumentedAnswer, headers: Headers): string | undefined => {
  const needed = Object.entries(answer.headers ?? {}).filter(([, { required }]) => required === true);
  const lacking = needed.find(([name]) => !headers.has(name));
  return lacking === undefined ? undefined : `${what} without the header ${lacking[0]}`;
};

const wrongBody = (what: string, answer: DocumentedAnswer, headers: Headers, body: unknown): string | undefined => {
  const type = (headers.get('content-type') ?? '').replace(/;.*$/, '');
  const types = Object.keys(answer.content ?? {});
  if (!types.includes(type) && !(type === '' && types.length === 0))
    return `${what} as "${type}"; OpenAPI has ${types.join(', ') || 'no body'}`;
  const validate = answer.validator?.();
  if (validate === undefined || validate(body)) return undefined;
  const problems = (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath || '/'} ${message} ${JSON.stringify(params)}`,
  );
  return `${what} with a body that OpenAPI does not have: ${problems.slice(0, 5).join('; ')}`;
};
