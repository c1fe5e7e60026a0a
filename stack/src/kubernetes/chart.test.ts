import { describe, expect, it } from 'vitest';
import { chartOf, comparable, readResources, trialValues } from './chart.ts';

const manifests = `
kind: Namespace
metadata: { name: webxterm }
---
kind: ConfigMap
metadata: { name: webxterm, namespace: webxterm }
data: { PUBLIC_URL: https://term.example.org, NATS_URL: "a:4222,b:4222", HTTP_PORT: "8080" }
---
kind: Deployment
metadata: { name: auth, namespace: webxterm }
spec: { template: { metadata: { labels: { a: b } }, spec: { containers: [{ image: "webxterm/auth:0.1.0" }] } } }
---
kind: Job
metadata: { name: set-up, namespace: webxterm }
---
kind: PriorityClass
metadata: { name: webxterm }
---
kind: Ingress
metadata: { name: webxterm, namespace: webxterm, annotations: { buffering: "off" } }
spec: { rules: [{ host: term.example.org, http: { paths: [] } }] }
`;
const chart = chartOf(manifests, '1.2.3');
const file = (name: string): string => chart.get(`templates/${name}.yaml`) ?? '';

describe('the Helm chart', () => {
  it('has the version, and a template for each resource but the namespace', () => {
    expect(chart.get('Chart.yaml')).toContain('appVersion: 1.2.3');
    const names = [...chart.keys()].filter((name) => name.startsWith('templates/'));
    expect(names).toEqual(
      ['NOTES.txt', 'configmap-webxterm.yaml', 'deployment-auth.yaml', 'job-set-up.yaml']
        .concat(['priorityclass-webxterm.yaml', 'ingress-webxterm.yaml'])
        .map((name) => `templates/${name}`),
    );
  });

  it('takes what depends on the installation from its values', () => {
    expect(file('configmap-webxterm')).toContain('  PUBLIC_URL: {{ required "publicUrl is missing');
    expect(file('configmap-webxterm')).toContain('  HTTP_PORT: "8080"');
    expect(file('deployment-auth')).toContain('image: {{ printf "%swebxterm/auth:%s" .Values.image.prefix');
    for (const name of ['configmap-webxterm', 'deployment-auth', 'ingress-webxterm'])
      expect(file(name)).toContain('namespace: {{ .Release.Namespace }}');
    expect(file('ingress-webxterm')).toContain('host: {{ (urlParse .Values.publicUrl).hostname | quote }}');
  });

  it('starts pods again after a change of a setting, and has a Job for each revision', () => {
    expect(file('deployment-auth')).toContain('checksum/settings: {{ include');
    expect(file('job-set-up')).toContain('name: {{ printf "set-up-%d" .Release.Revision }}');
  });

  it('quotes what YAML 1.1 would take for a boolean', () => {
    expect(chart.get('values.yaml')).toContain('buffering: "off"');
  });

  it('is not made from a manifest with an expression that Helm would read', () => {
    expect(() => chartOf(manifests.replace('8080', '{{ x }}'), '1.2.3')).toThrow('Helm would read');
  });

  it('is compared by the values of the overlay, without the differences that it has on purpose', () => {
    expect(trialValues(manifests)).toEqual([
      ['publicUrl', 'https://term.example.org'],
      ['natsUrl', 'a:4222\\,b:4222'],
    ]);
    const rendered = manifests
      .replace('name: set-up,', 'name: set-up-1,')
      .replace('{ labels: { a: b } }', `{ labels: { a: b }, annotations: { checksum/settings: ${'a'.repeat(64)} } }`);
    expect(comparable(readResources(rendered))).toEqual(comparable(readResources(manifests)));
    const other = rendered.replace('off', 'on');
    expect(comparable(readResources(other))).not.toEqual(comparable(readResources(manifests)));
  });
});
