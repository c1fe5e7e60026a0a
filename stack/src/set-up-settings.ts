import { list, natsReplicas, origin } from '@webxterm/shared';
import { z } from 'zod';
import { natsServer, oneOfEach } from './installation/handed-secrets.ts';

// Settings of the one-shot programs: those of Compose, the Job of k8s/, and the demo machine.

export const publicUrlShape = { PUBLIC_URL: origin.describe('The address that people open.') };

export const dataServersShape = {
  MONGO_SERVERS: list.default([...oneOfEach.mongo]).meta({
    description: 'The members of the replica set of MongoDB.',
    allowed: '`host:port`, a list with commas',
  }),
  NATS_SERVERS: list.default([...oneOfEach.nats]).meta({
    description: 'The servers of the cluster of NATS.',
    allowed: '`host:port`, a list with commas',
  }),
};

export const agentPackagesShape = {
  AGENT_PACKAGES: z.string().optional().meta({
    description:
      "The records of the agent's packages that the images contain; without it no machine can install from here.",
    allowed: 'a folder',
  }),
};

export const kubernetesShape = {
  ...publicUrlShape,
  ...agentPackagesShape,
  SERVERS: z
    .enum(['in-cluster', 'external'])
    .default('in-cluster')
    .describe('Whether MongoDB runs in the cluster, where the set-up makes its replica set and users.'),
  NATS_URL: z.string().default(natsServer).meta({
    description: 'The servers of NATS in which streams and buckets are made.',
    allowed: '`host:port`, a list with commas',
  }),
  NATS_CA: z.string().optional().meta({
    description: 'The CA of a NATS that runs outside of the cluster.',
    allowed: 'a PEM certificate',
    standard: 'the private CA',
  }),
  NATS_REPLICAS: natsReplicas,
};

export const demoShape = {
  ...publicUrlShape,
  ADMIN_PASSWORD: z.string().describe('The password of the administrator, who owns the demo machine.'),
  CA: z.string().meta({ description: 'The private CA of the installation.', allowed: 'a PEM certificate' }),
  CONFIG_FOLDER: z
    .string()
    .meta({ description: 'The folder into which `agent.yaml` is written.', allowed: 'a folder' }),
};
