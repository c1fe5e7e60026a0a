import { runDoctor } from '@webxterm/shared/doctor';
import { readSettings } from '../settings.ts';
import { examine } from './examine.ts';

const usage = `Usage: npm run doctor [-- OPTIONS]

Checks the installation of npm start, running or not: ports, services, servers, disk, clocks, certificates, permissions, agents, versions.
It changes nothing. It exits with 1 if it finds an error.

Options:
  --json        print the findings as JSON
  -h, --help    show this text and do nothing

Settings, from the environment:
  WEBXTERM_DATA_DIR, WEBXTERM_HOST, WEBXTERM_PORT, WEBXTERM_GRPC_PORT   as of npm start

Examples:
  npm run doctor
  npm run doctor -- --json

With Compose: docker compose exec gateway node src/doctor/main.ts`;

await runDoctor(usage, () => examine(readSettings()));
