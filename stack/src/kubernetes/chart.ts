import { parseAllDocuments, stringify } from 'yaml';
import { z } from 'zod';

// A Helm chart from what kustomize builds of k8s/overlays/production, so that there is one source of the manifests.

const Resource = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});
export type Resource = z.infer<typeof Resource>;

export const readResources = (manifests: string): Resource[] =>
  parseAllDocuments(manifests)
    .map((document): unknown => document.toJS())
    .filter((resource) => resource !== null)
    .map((resource) => Resource.parse(resource));

const Ingress = z.looseObject({ metadata: z.looseObject({ annotations: z.record(z.string(), z.string()) }) });

/** An expression of a template, as a value in YAML until the text is written. */
const template = (expression: string): string => `@@ ${expression} @@`;
const needed = (name: string): string =>
  template(`required "${name} is missing: see values.yaml" .Values.${name} | quote`);
const quoted = (name: string): string => template(`.Values.${name} | quote`);

/** Keys of the ConfigMap that a value of the chart replaces. */
const settings: Readonly<Record<string, string>> = {
  PUBLIC_URL: needed('publicUrl'),
  GRPC_ADDRESSES: needed('grpcAddresses'),
  NATS_URL: needed('natsUrl'),
  NATS_REPLICAS: quoted('natsReplicas'),
  TRUSTED_PROXIES: quoted('trustedProxies'),
  SIGNUP: quoted('signup'),
  LOG_LEVEL: quoted('logLevel'),
};

const image = (name: string): string =>
  template(
    `printf "%s${name.replace(/:[^:/]*$/, '')}:%s" .Values.image.prefix (.Values.image.tag | default .Chart.AppVersion) | quote`,
  );

/** The values that replace others, wherever they stand: by key, and the value before. */
const replaced = (key: string, value: unknown): unknown => {
  if (typeof value !== 'string') return value;
  if (key === 'image') return image(value);
  if (key === 'cidr' && value === '10.0.0.0/8') return quoted('serversCidr');
  if (key === 'namespace') return template('.Release.Namespace');
  return value;
};

const withValues = (value: unknown, key = ''): unknown => {
  if (Array.isArray(value)) return value.map((item) => withValues(item, key));
  if (typeof value !== 'object' || value === null) return replaced(key, value);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withValues(item, name)]));
};

// In YAML 1.1, which Helm reads, an unquoted `off` is false.
const yaml = (value: unknown): string => stringify(value, { lineWidth: 0, version: '1.1' });

const written = (resource: unknown): string =>
  yaml(withValues(resource)).replace(/(["']?)@@ (.*?) @@\1/g, (_whole, quote: string, expression: string) =>
    quote === '"' ? `{{ ${expression.replaceAll('\\"', '"')} }}` : `{{ ${expression} }}`,
  );

const when = (condition: string, text: string): string => `{{- if ${condition} }}\n${text}{{- end }}\n`;

const configMap = (resource: Resource): string => {
  const { data } = z.looseObject({ data: z.record(z.string(), z.string()) }).parse(resource);
  const replaceable = Object.entries(data).map(([name, value]) => [name, settings[name] ?? value]);
  // `data` is the last key, so that further ones can follow.
  return `${written({ ...resource, data: undefined })}${written({ data: Object.fromEntries(replaceable) })}{{- range $name, $value := .Values.settings }}
  {{ $name }}: {{ $value | quote }}
{{- end }}
`;
};

const PodTemplate = z.looseObject({
  spec: z.looseObject({ template: z.looseObject({ metadata: z.looseObject({}) }) }),
});

const deployment = (resource: Resource): string => {
  const { spec } = PodTemplate.parse(resource);
  // Pods start again when a setting has changed.
  const annotations = {
    'checksum/settings': template('include (print $.Template.BasePath "/configmap-webxterm.yaml") . | sha256sum'),
  };
  const metadata = { ...spec.template.metadata, annotations };
  return written({ ...resource, spec: { ...spec, template: { ...spec.template, metadata } } });
};

/** The pod of a Job cannot be changed, so each revision has its own Job. */
const job = (resource: Resource): string => {
  const name = template(`printf "${resource.metadata.name}-%d" .Release.Revision`);
  return written({ ...resource, metadata: { ...resource.metadata, name } });
};

const host = template('(urlParse .Values.publicUrl).hostname | quote');

const ingress = (resource: Resource): string => {
  const { spec } = z.looseObject({ spec: z.looseObject({ rules: z.array(z.looseObject({})) }) }).parse(resource);
  const annotations = template('toYaml .Values.ingress.annotations | nindent 4');
  const rest = {
    tls: [{ hosts: [host], secretName: quoted('ingress.tlsSecret') }],
    rules: spec.rules.map((rule) => ({ ...rule, host })),
  };
  const about = written({ ...resource, metadata: { ...resource.metadata, annotations }, spec: undefined });
  const className = '  {{- with .Values.ingress.className }}\n  ingressClassName: {{ . | quote }}\n  {{- end }}\n';
  const ruled = written(rest).replace(/^(?=.)/gm, '  ');
  return when('.Values.ingress.enabled', `${about}spec:\n${className}${ruled}`);
};

const priorityClass = (resource: Resource): string => when('.Values.priorityClass', written(resource));

const templates: Readonly<Record<string, (resource: Resource) => string>> = {
  ConfigMap: configMap,
  Deployment: deployment,
  Job: job,
  Ingress: ingress,
  PriorityClass: priorityClass,
};

const values = (
  annotations: Readonly<Record<string, string>>,
): string => `# The address that people open, such as https://term.example.org. Required.
publicUrl: ""
# The addresses at which agents reach the load balancer of the Service agent-hub-agents, host:port, a list with commas. Required.
grpcAddresses: ""
# Your servers of NATS, host:port, a list with commas. Required. MongoDB is named in the Secret webxterm-external (docs/kubernetes.md).
natsUrl: ""
# Servers of NATS that hold a copy of each stream: 1, 3 or 5.
natsReplicas: 3
# The address block of your servers of MongoDB and NATS, to which the network policies let services connect.
serversCidr: 10.0.0.0/8
# Address blocks of the pods of the Ingress controller, whose X-Forwarded-For is believed, a list with commas.
trustedProxies: ""
# Whether people may sign up: open or closed.
signup: closed
logLevel: info
# Further settings of all services, such as OTEL_EXPORTER_OTLP_ENDPOINT (docs/settings.md).
settings: {}
image:
  # Before the names of the images, with a slash at its end, such as registry.example.org/.
  prefix: ""
  # Default: the version of the chart's application.
  tag: ""
ingress:
  enabled: true
  className: ""
  tlsSecret: webxterm-tls
${yaml({ annotations }).replace(/^(?=.)/gm, '  ')}# Whether the chart makes the PriorityClass webxterm. Off for a second release in one cluster.
priorityClass: true
`;

const notes = `WebXTerm is at {{ .Values.publicUrl }} once its pods are ready:

  kubectl -n {{ .Release.Namespace }} wait --for=condition=Available deployment --all --timeout=300s

The password of admin@webxterm.local:

  kubectl -n {{ .Release.Namespace }} get secret webxterm-auth -o jsonpath='{.data.admin-password}' | base64 -d

It needs the Secret webxterm-external: see docs/kubernetes.md, Production.
`;

/** For `preStop: sleep`. */
export const oldestKubernetes = '1.30.0';

/** The files of the chart. `manifests`: the production overlay, built by kustomize. */
export const chartOf = (manifests: string, version: string): Map<string, string> => {
  const resources = readResources(manifests);
  if (manifests.includes('{{')) throw new Error('a manifest has {{, which Helm would read');
  const { metadata } = Ingress.parse(resources.find(({ kind }) => kind === 'Ingress'));
  const about = {
    apiVersion: 'v2',
    name: 'webxterm',
    description: 'A self-hosted web terminal to a fleet of machines',
    type: 'application',
    version,
    appVersion: version,
    kubeVersion: `>=${oldestKubernetes}-0`,
  };
  return new Map([
    ['Chart.yaml', yaml(about)],
    ['values.yaml', values(metadata.annotations)],
    ['templates/NOTES.txt', notes],
    // Helm makes the namespace, or uses one that is there.
    ...resources
      .filter(({ kind }) => kind !== 'Namespace')
      .map((resource): [string, string] => [
        `templates/${resource.kind.toLowerCase()}-${resource.metadata.name}.yaml`,
        (templates[resource.kind] ?? written)(resource),
      ]),
  ]);
};

/** The values of the overlay, with which the chart must be the overlay: their names and values. */
export const trialValues = (manifests: string): [string, string][] => {
  const found = readResources(manifests).find(({ kind }) => kind === 'ConfigMap');
  const { data } = z.looseObject({ data: z.record(z.string(), z.string()) }).parse(found);
  return Object.entries(settings).flatMap(([name, expression]): [string, string][] => {
    const value = /\.Values\.(\w+)/.exec(expression)?.[1];
    return value === undefined || data[name] === undefined ? [] : [[value, data[name].replaceAll(',', '\\,')]];
  });
};

/** The resources by kind and name, without the differences that the chart has on purpose. */
export const comparable = (resources: readonly Resource[]): Map<string, unknown> =>
  new Map(
    resources
      .filter(({ kind }) => kind !== 'Namespace')
      .map((resource) => {
        const text = JSON.stringify(resource)
          .replace(/,?"annotations":\{"checksum\/settings":"[0-9a-f]{64}"\}/, '')
          .replace('"name":"set-up-1"', '"name":"set-up"');
        const same = Resource.parse(JSON.parse(text));
        return [`${same.kind} ${same.metadata.name}`, same];
      }),
  );
