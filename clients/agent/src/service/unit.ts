import type { AgentConfig } from '../configuration/agent-config.ts';
import { allowedUsers } from '../shell/linux-users.ts';

export const unitName = 'vsay-agent.service';

export type UnitOptions = {
  /** node, its options, and main.ts. */
  program: readonly string[];
  configPath: string;
  config: Pick<AgentConfig, 'linux_user' | 'other_linux_users' | 'allow_sudo'>;
  /** True: for the systemd of a user. Default: for that of the machine. */
  ofUser?: boolean;
  /** The folder of the installed versions. Undefined: the agent was not installed by the install script. */
  installation?: string | undefined;
};

/** Quotes an argument of ExecStart, because systemd expands % and $ and splits at spaces. */
const quoted = (argument: string): string =>
  `"${argument.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`;

/**
 * Restrictions for shells that cannot gain rights. The agent needs the remaining capabilities to open a login of the user (su and PAM:
 * terminal owner, limits, audit trail), to signal the user's processes, and to read from the environment of a process which command it
 * belongs to.
 */
const confined = `# Nothing in a shell gains rights (configured without --allow-sudo).
NoNewPrivileges=yes
CapabilityBoundingSet=CAP_SETUID CAP_SETGID CAP_KILL CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH
CapabilityBoundingSet=CAP_CHOWN CAP_FOWNER CAP_SYS_RESOURCE CAP_SYS_NICE CAP_AUDIT_CONTROL CAP_AUDIT_WRITE CAP_SYS_PTRACE`;

const unconfined = `# Shells may gain rights (root, or configured with --allow-sudo): NoNewPrivileges and a smaller CapabilityBoundingSet
# would take sudo from them.`;

/** Only for the systemd of the machine, because that of a user has no network target. The agent dials until the network is up. */
const ofMachine = `Wants=network-online.target
After=network-online.target
`;

/** A user's agent has no rights to restrict except those that sudo gives. */
const rights = (config: UnitOptions['config'], ofUser: boolean): string => {
  if (config.allow_sudo || allowedUsers(config).includes('root')) return unconfined;
  return ofUser ? 'NoNewPrivileges=yes' : confined;
};

/** The version before the current one counts the starts of a version on trial: see countLaunch. */
const beforeStart = (installation: string | undefined): string => {
  if (installation === undefined) return '';
  const script = 'test ! -e "$1/trial.json" || exec "$1/last-good/bin/vsay-agent" count-launch';
  return `ExecStartPre=-${['/bin/sh', '-c', script, 'sh', installation].map(quoted).join(' ')}\n`;
};

/** The systemd unit of the agent. */
export const renderUnit = ({
  program,
  configPath,
  config,
  ofUser = false,
  installation,
}: UnitOptions): string => `# Written by "vsay-agent configure".
[Unit]
Description=WebXTerm agent: terminals of this machine
${ofUser ? '' : ofMachine}StartLimitIntervalSec=0

[Service]
Type=exec
${beforeStart(installation)}ExecStart=${[...program, 'start', '--config', configPath].map(quoted).join(' ')}
Restart=always
RestartSec=2
# 2: the configuration is wrong; 3: the server refused this machine for good.
RestartPreventExitStatus=2 3
# As of sshd: the agent hangs up its shells and ends its commands itself, and what people left running (tmux, nohup) stays.
KillMode=process
# Commands have control groups of their own below this one, where logind makes none for them.
Delegate=yes
TimeoutStopSec=10
# A program in a shell that uses up the memory ends alone.
OOMPolicy=continue
CacheDirectory=vsay-agent
Environment=NODE_COMPILE_CACHE=%C/vsay-agent
# Variables of an environment for all services that Node would read: code, paths to code, a debugger.
UnsetEnvironment=NODE_OPTIONS NODE_PATH NODE_REPL_EXTERNAL_MODULE NODE_INSPECT_RESUME_ON_START

# Every shell is a child of the agent and lives under what stands here. So none of ProtectSystem, ProtectHome, PrivateTmp,
# PrivateDevices, ProtectKernelTunables and their like (each gives shells other files, devices or mounts than the machine
# has), and none of UMask, RestrictSUIDSGID, LockPersonality, SystemCallFilter, LimitCORE (shells inherit them).
${rights(config, ofUser)}

[Install]
WantedBy=${ofUser ? 'default.target' : 'multi-user.target'}
`;
