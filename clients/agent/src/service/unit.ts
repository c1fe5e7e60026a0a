import type { AgentConfig } from '../configuration/agent-config.ts';

export const unitName = 'vsay-agent.service';

export type UnitOptions = {
  /** node, its options, and main.ts. */
  program: readonly string[];
  configPath: string;
  config: Pick<AgentConfig, 'linux_user' | 'allow_sudo'>;
  /** For the systemd of a user; default: for that of the machine. */
  ofUser?: boolean;
};

/** An argument of ExecStart: systemd expands % and $, and splits at blanks. */
const quoted = (argument: string): string =>
  `"${argument.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`;

/**
 * For shells that can gain no rights anyway: what the agent needs to open a login of the user (su and PAM: the terminal's owner,
 * limits, the audit trail), to signal what runs as the user, and to read in its environment which command it is of.
 */
const confined = `# Nothing in a shell gains rights (configured without --allow-sudo).
NoNewPrivileges=yes
CapabilityBoundingSet=CAP_SETUID CAP_SETGID CAP_KILL CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH
CapabilityBoundingSet=CAP_CHOWN CAP_FOWNER CAP_SYS_RESOURCE CAP_SYS_NICE CAP_AUDIT_CONTROL CAP_AUDIT_WRITE CAP_SYS_PTRACE`;

const unconfined = `# Shells may gain rights (root, or configured with --allow-sudo): NoNewPrivileges and a smaller CapabilityBoundingSet
# would take sudo from them.`;

/** The network is the machine's: a user's systemd knows nothing of it, and the agent dials until it is there. */
const ofMachine = `Wants=network-online.target
After=network-online.target
`;

/** A user's agent has no rights that could be taken away but those that sudo gives. */
const rights = (config: UnitOptions['config'], ofUser: boolean): string => {
  if (config.allow_sudo || config.linux_user === 'root') return unconfined;
  return ofUser ? 'NoNewPrivileges=yes' : confined;
};

/** The systemd unit that keeps the agent running. */
export const renderUnit = ({
  program,
  configPath,
  config,
  ofUser = false,
}: UnitOptions): string => `# Written by "vsay-agent configure".
[Unit]
Description=WebXTerm agent: terminals of this machine
${ofUser ? '' : ofMachine}StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${[...program, 'start', '--config', configPath].map(quoted).join(' ')}
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
# What Node would read of an environment that is set for all services: code, paths to code, a debugger.
UnsetEnvironment=NODE_OPTIONS NODE_PATH NODE_REPL_EXTERNAL_MODULE NODE_INSPECT_RESUME_ON_START

# Every shell is a child of the agent and lives under what stands here. So none of ProtectSystem, ProtectHome, PrivateTmp,
# PrivateDevices, ProtectKernelTunables and their like (each gives shells other files, devices or mounts than the machine
# has), and none of UMask, RestrictSUIDSGID, LockPersonality, SystemCallFilter, LimitCORE (shells inherit them).
${rights(config, ofUser)}

[Install]
WantedBy=${ofUser ? 'default.target' : 'multi-user.target'}
`;
