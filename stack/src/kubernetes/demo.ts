import { readConfig } from '@webxterm/shared';
import { failureText } from '../failure.ts';
import { configureAgent } from '../local-agent/agent-config.ts';
import { demoShape } from '../set-up-settings.ts';
import { adminEmail } from '../stack.ts';

// Runs in the demo machine of k8s/components/demo before its agent. Writes the agent's configuration once.

/** Other nodes may take a while to pull images. */
const gatewayWithinMs = 600_000;

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const run = async (): Promise<void> => {
  const { PUBLIC_URL: url, ADMIN_PASSWORD: password, CA: ca, CONFIG_FOLDER: folder } = readConfig('demo', demoShape);
  await configureAgent({
    folder,
    gateway: { url, dial: { host: 'gateway', port: 8080 }, ca: [ca] },
    hub: { address: 'agent-hub-agents:8081', ca },
    name: 'demo',
    linuxUser: 'node',
    admin: { email: adminEmail, password },
    patience: {
      withinMs: gatewayWithinMs,
      say: (why) => say(`the gateway does not answer yet, waiting for it: ${why}`),
    },
  });
  say(`the machine "demo" belongs to ${adminEmail}`);
};

try {
  await run();
} catch (error) {
  process.stderr.write(`${failureText(error)}\n`);
  process.exitCode = 1;
}
