import { commandLimits } from '@webxterm/contracts/command-limits';
import { runLimits } from '@webxterm/contracts/run-limits';
import { describe, expect, it } from 'vitest';
import { filesOf, read } from './markdown-links.ts';

// docs/security.md#bounds, docs/limits.md and the sources say the same about limits.

const rows = ['docs/security.md', 'docs/limits.md']
  .flatMap((page) => read(page).split('\n'))
  .filter((line) => line.startsWith('| '))
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')));

/** Numbers of a text, in bytes where it says KiB or MiB. */
const numbersIn = (text: string): number[] =>
  [...text.matchAll(/(\d[\d,]*)(?: (KiB|MiB))?/g)].map(
    ([, digits = '', unit]) =>
      Number(digits.replaceAll(',', '')) * (unit === 'KiB' ? 1024 : unit === 'MiB' ? 1024 * 1024 : 1),
  );

const limit =
  /^(?:export )?const (max[A-Z]\w*|\w+(?:Limit|PerUser|OfAll|AtOnce|AtMost)) = ([\d_*]+(?: \* [\d_]+)*);$/gm;
const product = (text: string): number =>
  text.split(' * ').reduce((value, factor) => value * Number(factor.replaceAll('_', '')), 1);

/** Of what each one, and all together, may hold (`Places`). */
const places = /\b(each|all): \{\s*most: ([\d_]+)\b/g;

/** The limits of the sources, by `file name`, without those of times. */
const limits = new Map(
  filesOf('services/*.ts', 'clients/agent/src/*.ts', 'libs/*.ts')
    .filter((file) => /\/src\//.test(file) && !/\.test\.ts$|\/(testing|generated)\//.test(file))
    .flatMap((file) =>
      [limit, places]
        .flatMap((pattern) => [...read(file).matchAll(pattern)])
        .map(([, name = '', value = '']) => ({ file, name, value })),
    )
    .filter(({ name }) => !name.endsWith('Ms'))
    .map(({ file, name, value }) => [`${file} ${name}`, product(value) * (name.endsWith('Mib') ? 1024 * 1024 : 1)]),
);

/** By the first cell of a row of a page: the limits in its second cell. */
const documented: Readonly<Record<string, readonly string[]>> = {
  'requests on one connection to the gateway': ['services/gateway/src/server/pipelining.ts maxWaiting'],
  'header lines; bytes of the head': ['services/gateway/src/request-checks/framing.ts maxHeaderLines'],
  'gateway: connections in all': ['services/gateway/src/server/limits.ts maxConnections'],
  'JSON body': ['services/gateway/src/request-checks/admit.ts maxBody'],
  'gateway: target of a request': ['services/gateway/src/request-checks/canonical-target.ts maxTarget'],
  'auth: access tokens': ['libs/contracts/src/rest/access-tokens.ts maxAccessTokens'],
  'every service: questions about access tokens': [
    'libs/shared/src/signins/known-tokens.ts all',
    'libs/shared/src/signins/known-tokens.ts each',
    'libs/shared/src/signins/known-tokens.ts maxKnown',
  ],
  'auth: questions to providers of sign-ins': [
    'services/auth/src/oidc/proofs.ts all',
    'services/auth/src/oidc/proofs.ts each',
    'services/auth/src/oidc/bounded-fetch.ts maxBytes',
  ],
  'auth: answer of a provider of sign-ins': ['services/auth/src/oidc/bounded-fetch.ts maxBytes'],
  'auth: linked sign-ins': ['services/auth/src/oidc/identity.ts maxIdentities'],
  'auth: passkeys': ['services/auth/src/passkeys/passkey-enrolment.ts maxPasskeys'],
  'auth: avatars being drawn or waiting': ['services/auth/src/avatars/avatars.ts each'],
  'auth: downloads of the audit log': [
    'services/auth/src/audit/http.ts maxExports',
    'services/auth/src/audit/http.ts maxExportsPerUser',
  ],
  'auth: a picture': [
    'libs/contracts/src/rest/profile.ts maxAvatarBytes',
    'services/auth/src/avatars/redraw.ts maxPixels',
  ],
  'auth: settings of the terminal of a user': [
    'libs/contracts/src/rest/preferences.ts maxLevels',
    'libs/contracts/src/rest/preferences.ts maxTerminalSettingsBytes',
  ],
  'auth: tabs of the workspace of a user': ['libs/contracts/src/rest/workspace.ts maxWorkspaceTabs'],
  'agent-hub: control messages that an agent does not read': ['services/agent-hub/src/agent-links/link.ts maxQueued'],
  'agent-hub: attachments': ['services/agent-hub/src/attachments/attachment-table.ts maxPerMachine'],
  'agent-hub: streams of live events': [
    'services/agent-hub/src/machines/events.ts all',
    'services/agent-hub/src/machines/events.ts each',
  ],
  'agent-hub: grants': ['services/agent-hub/src/access/sharing.ts maxGrants'],
  'agent-hub: enrolment tokens that are valid': ['services/agent-hub/src/enrolment/enrolment-tokens.ts maxUsable'],
  'every service: spans that wait for the collector of traces': ['libs/shared/src/tracing/exported-spans.ts maxQueued'],
  'agent-hub: traced requests to an agent that it has not answered': [
    'services/agent-hub/src/agent-links/agent-work.ts maxAsked',
  ],
  'every service: concurrent NATS requests of one kind': ['libs/shared/src/bus/request-reply.ts maxConcurrent'],
  'agent-hub: wrong API keys of agents from one address': [
    'services/agent-hub/src/agent-links/registrar.ts maxWrongKeys',
  ],
  'agent-hub: events that wait for a slow client': ['services/agent-hub/src/machines/events.ts maxWaiting'],
  'agent-hub: groups; members of each; groups of one user': [
    'services/agent-hub/src/groups/groups.ts maxGroups',
    'services/agent-hub/src/groups/groups.ts maxMembers',
    'services/agent-hub/src/groups/groups.ts maxMemberships',
  ],
  'agent-hub: grants to groups on a machine; grants on tags of the machines of one owner; in the list of an administrator':
    [
      'services/agent-hub/src/access/group-grants.ts maxGroupGrants',
      'services/agent-hub/src/access/tag-grants.ts maxTagGrants',
      'services/agent-hub/src/access/tag-grants.ts maxListed',
    ],
  'agent-hub: users in the explanation of who has access to a machine': [
    'services/agent-hub/src/access/explain.ts maxExplained',
  ],
  'agent-hub: users whom one user blocks': ['services/agent-hub/src/access/own-access.ts maxBlocked'],
  'agent-hub: load in one answer': [
    'services/agent-hub/src/machines/stats-history.ts maxPoints',
    'services/agent-hub/src/machines/stats-history.ts maxDays',
  ],
  'agent-hub: enrolment tokens in the list': ['services/agent-hub/src/enrolment/enrolment-tokens.ts maxListed'],
  'agent-hub: a gRPC message; streams on a connection': [
    'services/agent-hub/src/grpc-server/server.ts maxMessage',
    'services/agent-hub/src/grpc-server/connection.ts maxConcurrentStreams',
    'services/terminal/src/hub-client/channels.ts maxMessage',
    'clients/agent/src/link/hub-connection.ts maxMessage',
  ],
  'agent-hub: name, description, tags of a machine': [
    'services/agent-hub/src/machines/machine-name.ts maxMachineName',
    'services/agent-hub/src/agent-links/agent-claims.ts maxDescription',
    'services/agent-hub/src/agent-links/agent-claims.ts maxTags',
    'services/agent-hub/src/agent-links/agent-claims.ts maxTag',
  ],
  'agent-hub: machines of one enrolment token; its life': [
    'libs/contracts/src/rest/enrolment-tokens.ts maxTokenMachines',
    'libs/contracts/src/rest/enrolment-tokens.ts maxTokenHours',
  ],
  'a name of an account of a machine; accounts of a grant': [
    'libs/contracts/src/linux-users.ts maxLinuxUserName',
    'libs/contracts/src/linux-users.ts maxLinuxUsers',
  ],
  'a text of the audit log; its details': [
    'libs/contracts/src/rest/audit.ts auditTextLimit',
    'libs/contracts/src/rest/audit.ts auditDetailsLimit',
  ],
  'events of the audit log that wait for NATS': ['libs/shared/src/audit/outbox.ts maxWaiting'],
  'agent-hub: event streams of runs': [
    'services/agent-hub/src/runs/run-events.ts all',
    'services/agent-hub/src/runs/run-events.ts each',
  ],
  'agent-hub: downloads of runs': [
    'services/agent-hub/src/runs/run-export.ts all',
    'services/agent-hub/src/runs/run-export.ts each',
  ],
  'agent-hub: reports of an agent on commands of runs that are being stored': [
    'services/agent-hub/src/runs/run-reports.ts maxReports',
    'services/agent-hub/src/runs/run-reports.ts maxReportBytes',
    'services/agent-hub/src/runs/run-reports.ts maxReportBytesOfAll',
  ],
  'agent: ids of commands of runs; results that no hub has stored': [
    'clients/agent/src/commands/started-ids.ts maxIds',
    'clients/agent/src/commands/kept-commands.ts maxResults',
  ],
  'a command line, its time limit': ['libs/contracts/src/rest/commands.ts maxCommandSeconds'],
  'agent: both outputs of a command': ['services/agent-hub/src/commands/commands.ts maxOutputBytes'],
  'agent: title and folder of a session': [
    'libs/contracts/src/session-titles.ts maxSessionTitle',
    'libs/contracts/src/session-titles.ts maxSessionDirectory',
  ],
  'agent: sessions; kept ended sessions': ['clients/agent/src/session/sessions.ts maxEnded'],
  'agent: viewers of a session': ['clients/agent/src/session/sessions.ts maxAttachments'],
  'agent: guests of a session': ['clients/agent/src/session/sessions.ts maxGuests'],
  'agent: streams on its link': ['clients/agent/src/link/link.ts maxStreams'],
  'agent: output on the way to an emulator': [
    'clients/agent/src/screen/screen.ts maxBacklog',
    'clients/agent/src/screen/screens.ts maxTotalBacklog',
  ],
  'agent: memory of the emulators': ['clients/agent/src/screen/screens.ts maxHeapMib'],
  'agent: folders in folders that are removed, copied or sent at once': [
    'clients/agent/src/file-helper/folder.ts maxDepth',
  ],
  'agent: sentences about entries that a copy or an archive leaves out': [
    'clients/agent/src/file-helper/left-out.ts maxReasons',
  ],
  'agent: entries of a listed folder': ['clients/agent/src/file-helper/list.ts maxEntries'],
  'agent: a file of /proc or /sys without a size': ['clients/agent/src/file-helper/read.ts maxUnsized'],
  'a path of a file; a piece of a file; a message about files': [
    'libs/contracts/src/file-paths.ts maxPathBytes',
    'libs/contracts/src/file-messages.ts maxFileData',
    'libs/contracts/src/file-messages.ts maxFileMessage',
  ],
  'agent: names that are resolved at a time for forwarded connections; addresses of a name that are tried': [
    'clients/agent/src/forwards/name-lookups.ts maxLookups',
    'clients/agent/src/forwards/connect-target.ts maxAddresses',
  ],
  'bytes and reasons in a message of a forwarded connection': [
    'libs/contracts/src/tcp-messages.ts maxTcpData',
    'libs/contracts/src/tcp-messages.ts maxReason',
  ],
  'agent: programs, session channels and forwarded connections of an ssh connection; ended programs whose processes in the background are known':
    [
      'clients/agent/src/ssh/ssh-connection.ts maxPrograms',
      'clients/agent/src/ssh/ssh-connection.ts maxSessions',
      'clients/agent/src/ssh/ssh-connection.ts maxForwards',
      'clients/agent/src/ssh/ssh-connection.ts maxLeft',
    ],
  'agent: bytes of an ssh client that no program has read, of all of them; answers that it has not taken; output of a terminal that waits for it':
    [
      'clients/agent/src/ssh/ssh-process.ts maxUnread',
      'clients/agent/src/ssh/ssh-process.ts maxUnreadOfAll',
      'clients/agent/src/ssh/ssh-process.ts maxUntaken',
      'clients/agent/src/ssh/terminal-program.ts maxWaiting',
    ],
  'agent: environment variables of an ssh client': ['clients/agent/src/ssh/variables.ts maxVariables'],
  'agent: activities in ssh connections that wait for a link; a text in one': [
    'clients/agent/src/ssh/activities.ts maxWaiting',
    'clients/agent/src/ssh/activities.ts maxText',
  ],
  'agent: files of an sftp session with a row in the audit log; open files; a packet': [
    'clients/agent/src/sftp-helper/reports.ts maxReports',
    'clients/agent/src/sftp-helper/handles.ts maxHandles',
    'clients/agent/src/sftp-helper/packet.ts maxPacket',
  ],
  'a target of a forwarded connection': ['services/agent-hub/src/attachments/open-request.ts maxTarget'],
  'terminal: requests about files': [
    'services/terminal/src/files/http.ts all',
    'services/terminal/src/files/http.ts each',
  ],
  'terminal: searches in recordings; words and phrases; characters': [
    'services/terminal/src/recordings/search/recording-search.ts all',
    'services/terminal/src/recordings/search/recording-search.ts each',
    'services/terminal/src/recordings/search/search-terms.ts maxTerms',
  ],
  'terminal: blocks of lines that a page of a search decrypts; time for comparing their lines': [
    'services/terminal/src/recordings/search/recording-search.ts maxBlocksPerPage',
  ],
  'terminal: downloads of recordings': [
    'services/terminal/src/recordings/download.ts all',
    'services/terminal/src/recordings/download.ts each',
  ],
  'terminal: messages of a machine about files that wait': ['services/terminal/src/files/file-call.ts maxWaiting'],
  'terminal: the rest of a refused upload': ['services/terminal/src/files/upload.ts maxDrained'],
  'terminal: sessions that were named and not opened': ['services/terminal/src/sessions/store.ts maxReservedSessions'],
  'terminal: live sessions on one machine': ['services/terminal/src/sessions/store.ts maxSessionsPerMachine'],
  'terminal: shares of one session': [
    'services/terminal/src/sharing/store.ts maxSharesPerSession',
    'libs/contracts/src/rest/shares.ts maxLinkUses',
  ],
  'terminal: shares in the list of a user': ['services/terminal/src/sharing/store.ts maxListed'],
  'terminal: a share': [
    'libs/contracts/src/rest/shares.ts maxShareMinutes',
    'libs/contracts/src/rest/shares.ts maxLinkUses',
  ],
  "terminal: chunks in one answer of a recording's index": ['libs/contracts/src/rest/recordings.ts maxChunksListed'],
  'terminal: lines of a recording that can be found; characters in all; of a line': [
    'services/terminal/src/recordings/indexing/line-blocks.ts maxIndexedLines',
    'services/terminal/src/recordings/indexing/line-blocks.ts maxIndexedText',
    'services/terminal/src/recordings/indexing/recorded-screen.ts maxLineText',
  ],
  'terminal: commands of a recording; characters of one, of all': [
    'services/terminal/src/recordings/indexing/recorded-commands.ts maxCommands',
    'services/terminal/src/recordings/indexing/recorded-commands.ts maxText',
    'services/terminal/src/recordings/indexing/recorded-commands.ts maxCharacters',
  ],
  'terminal: a keyframe of a recording': [
    'services/terminal/src/recordings/indexing/recorded-screen.ts maxKeyframe',
    'services/terminal/src/recordings/indexing/recorded-screen.ts maxHeld',
  ],
  'terminal: memory of the thread that makes indexes': [
    'services/terminal/src/recordings/indexing/index-thread.ts maxHeapMib',
  ],
  'terminal: pongs that wait for a client': ['services/terminal/src/websocket/v1-viewer.ts maxPongsWaiting'],
  'terminal: one client message': ['libs/contracts/src/frames/limits.ts maxClientMessage'],
  'terminal: frames of webxterm.v1': [
    'libs/contracts/src/frames/limits.ts maxInputFrame',
    'libs/contracts/src/frames/limits.ts maxOutputFrame',
    'libs/contracts/src/frames/limits.ts maxOutputWindow',
    'libs/contracts/src/frames/limits.ts maxSnapshot',
    'libs/contracts/src/frames/limits.ts maxWinsize',
  ],
};

/** Limits that no client and no user reaches, by the reason. */
const internal: Readonly<Record<string, readonly string[]>> = {
  'tries before something fails': [
    'clients/agent/src/hand-over/session-hand-over.ts maxAttempts',
    'clients/agent/src/screen/screens.ts maxFailures',
    'clients/agent/src/screen/screens.ts maxStrikes',
    'clients/agent/src/update/installation.ts maxWithdrawals',
    'clients/agent/src/update/trial-guard.ts maxStarts',
    'libs/contracts/src/back-off.ts maxDoublings',
    'libs/shared/src/bus/kv-view.ts maxStuckLooks',
    'services/agent-hub/src/machines/machine-name.ts maxNameTries',
    'services/agent-hub/src/presence/entries.ts maxTries',
    'services/auth/src/accounts/accounts.ts maxRounds',
    'services/auth/src/allow-list/list-entries.ts maxConflicts',
    'services/auth/src/allow-list/list-keeper.ts maxConflicts',
    'services/auth/src/audit/chain-store.ts maxMeetings',
    'services/auth/src/oidc/oidc-sign-in.ts maxNames',
    'services/terminal/src/recordings/indexing/index-jobs.ts maxTries',
  ],
  'what is remembered to save work; what is forgotten costs a repetition': [
    'clients/agent/src/screen/kept-screen.ts maxKept',
    'clients/agent/src/session/participants.ts maxRemembered',
    'clients/agent/src/ssh/activities.ts maxKnown',
    'clients/agent/src/update/installation.ts maxFailed',
    'libs/shared/src/audit/tally.ts maxKinds',
    'libs/stream/src/output-ages.ts maxMarks',
    'libs/stream/src/output-reader.ts maxSentLimits',
    'libs/stream/src/size-marks.ts maxMarks',
    'libs/stream/src/time-marks.ts maxMarks',
    'libs/stream/src/writers.ts maxAway',
    'services/agent-hub/src/attachments/left-connections.ts maxLeft',
    'services/agent-hub/src/attachments/ssh-activities.ts maxKept',
    'services/agent-hub/src/machines/activity.ts maxHeld',
    'services/agent-hub/src/machines/events.ts maxKnownAccess',
    'services/agent-hub/src/presence/held-elsewhere.ts maxKept',
    'services/auth/src/allow-list/entry-repair.ts maxKeys',
    'services/auth/src/api-keys/api-keys.ts maxNoted',
    'services/auth/src/signins/last-seen.ts maxNoted',
    'services/auth/src/signins/signin-store.ts maxRetired',
    'services/gateway/src/web-ui/compressed.ts maxCached',
    'services/terminal/src/recordings/indexing/words.ts maxRemembered',
    'services/terminal/src/recordings/pending-times.ts maxMarks',
    'services/terminal/src/recordings/plays.ts maxRemembered',
    'services/terminal/src/tickets/redemption.ts maxRemembered',
  ],
  'texts and numbers that are cut before they are logged, stored or shown': [
    'clients/agent/src/configuration/status-report.ts maxLogged',
    'clients/agent/src/files/helper-process.ts maxStderr',
    'clients/agent/src/session/title-reader.ts maxExamined',
    'clients/agent/src/sftp-helper/reports.ts maxPath',
    'clients/agent/src/session/title-reader.ts maxSequence',
    'services/agent-hub/src/agent-links/agent-claims.ts maxAddress',
    'services/agent-hub/src/agent-links/agent-claims.ts maxCores',
    'services/agent-hub/src/agent-links/agent-claims.ts maxText',
    'services/agent-hub/src/agent-links/agent-claims.ts maxUptimeSeconds',
    'services/agent-hub/src/attachments/ssh-activities.ts maxSubject',
    'services/agent-hub/src/dashboard/activity-log.ts detailLimit',
    'services/agent-hub/src/machines/machine-name.ts maxRead',
    'services/agent-hub/src/machines/machine-view.ts maxShownName',
    'services/agent-hub/src/updates/orders.ts maxReason',
    'services/agent-hub/src/updates/orders.ts maxVersion',
    'services/auth/src/audit/verify.ts maxFindings',
    'services/gateway/src/server/gateway-server.ts maxLoggedPath',
    'services/terminal/src/attachment/attachment.ts maxRefusalText',
    'services/terminal/src/files/audit.ts maxPath',
    'services/terminal/src/files/file-call.ts maxSentence',
    'services/terminal/src/forwards/forward-audit.ts maxTarget',
  ],
  'the size of a step, a batch or a message between programs of the product': [
    'clients/agent/src/attachment/attachment.ts ackAtOnce',
    'clients/agent/src/attachment/outgoing.ts maxControlInFlight',
    'clients/agent/src/attachment/outgoing.ts maxInFlight',
    'clients/agent/src/attachment/outgoing.ts maxPongs',
    'clients/agent/src/file-helper/list.ts maxPageText',
    'clients/agent/src/files/helper-process.ts maxWrite',
    'clients/agent/src/forwards/tcp-process.ts maxWrite',
    'clients/agent/src/ssh/ssh-process.ts maxUnreadThen',
    'clients/agent/src/link/title-changes.ts maxPerMessage',
    'clients/agent/src/shell/foreground.ts maxGenerations',
    'clients/agent/src/shell/input-pump.ts maxPerTurn',
    'clients/agent/src/update/fetch-changed.ts maxGap',
    'libs/contracts/src/bus/machines.ts maxMachinesWithRight',
    'libs/contracts/src/bus/runs.ts maxTargetsPerEvent',
    'libs/contracts/src/bus/terminals.ts maxListedSessions',
    'libs/contracts/src/bus/terminals.ts maxOpenTerminalsPerEvent',
    'libs/contracts/src/bus/terminals.ts maxTitlesPerEvent',
    'libs/contracts/src/frames/limits.ts maxTimeMarks',
    'libs/contracts/src/frames/participants.ts maxNameBytes',
    'libs/shared/src/http/api.ts maxHeaderSize',
    'libs/shared/src/signins/signin-look-up.ts maxAtOnce',
    'libs/stream/src/output-cursor.ts initialOutputLimit',
    'libs/terminal-client/src/node/forward-stream.ts maxUnapplied',
    'libs/terminal-client/src/node/forward-stream.ts maxWindow',
    'services/agent-hub/src/access/pending-terminations.ts maxRead',
    'services/agent-hub/src/presence/presence.ts maxWrites',
    'services/agent-hub/src/runs/target-orders.ts maxOrders',
    'services/auth/src/audit/writer.ts maxPending',
    'services/gateway/src/openapi/example.ts maxDepth',
    'services/gateway/src/upstreams/body-limit.ts maxDrained',
    'services/terminal/src/hub-client/channels.ts maxChannelsPerHub',
    'services/terminal/src/recordings/chunk-codec.ts maxPlainChunk',
    'services/terminal/src/recordings/indexing/indexer.ts maxKeyframes',
    'services/terminal/src/recordings/indexing/recorded-screen.ts maxWrite',
    'services/terminal/src/recordings/indexing/words.ts maxWord',
    'services/terminal/src/sessions/ledger.ts maxListsWaiting',
    'services/terminal/src/sessions/store.ts maxActiveRead',
  ],
  'answers of the installation itself, and of programs of the same user': [
    'clients/agent/src/link/ask-host.ts maxAnswer',
    'clients/agent/src/running/local-socket.ts maxCallers',
    'clients/agent/src/running/local-socket.ts maxLine',
    'clients/agent/src/ssh/sftp.ts maxLine',
    'clients/agent/src/update/fetch-changed.ts maxList',
    'clients/agent/src/update/fetch-release.ts maxManifest',
    'services/gateway/src/health/probe.ts maxReport',
  ],
  'a part of a bound whose whole is in the table': [
    'clients/agent/src/commands/running-command.ts maxOutput',
    'services/auth/src/avatars/redraw.ts maxWaiting',
  ],
};

describe('the bounds in docs/security.md and the limits in docs/limits.md', () => {
  it.each(Object.entries(documented))('are those of the sources: %s', (what, named) => {
    const row = rows.find(([first]) => first === what);
    const numbers = numbersIn(row?.[1] ?? '');
    for (const each of named) expect(numbers, each).toContain(limits.get(each));
  });

  it('are those of commands', () => {
    const bound = (what: string): number[] => numbersIn(rows.find(([first]) => first === what)?.[1] ?? '');
    expect(bound('agent-hub: commands in progress')).toEqual([commandLimits.atHub, commandLimits.ofUserAtHub]);
    expect(bound('agent: commands')).toEqual([commandLimits.onMachine, commandLimits.ofUserOnMachine]);
  });

  it('are those of runs', () => {
    const bound = (what: string): number[] => numbersIn(rows.find(([first]) => first === what)?.[1] ?? '');
    const { targets, concurrency, command, inputs, input, timeoutSeconds, days } = runLimits;
    expect(
      bound('a run: machines; commands in progress; the command; inputs, characters of each; time limit; length'),
    ).toEqual([targets, concurrency, command, inputs, input, timeoutSeconds, days]);
    const { ofAll, ofAllAtMost, ofUser, ofUserADay, targetsOfUserADay } = runLimits;
    expect(bound('agent-hub: runs in progress')).toEqual([ofAll, ofAllAtMost, ofUser]);
    const startedInADay = bound('agent-hub: runs that a user starts in 24 hours; their machines');
    expect(startedInADay).toEqual([ofUserADay, targetsOfUserADay]);
    expect(bound('agent-hub: stdout, and stderr, of a machine of a run')).toEqual([runLimits.output]);
    const { groups, groupMachines, preview } = runLimits;
    expect(bound('agent-hub: groups of outputs; machines of each; characters of each')).toEqual([
      groups,
      groupMachines,
      preview,
    ]);
  });

  it('name every limit that a client or a user can reach', () => {
    expect(limits.size).toBeGreaterThan(150);
    const known = [...Object.values(documented), ...Object.values(internal)].flat();
    expect([...limits.keys()].filter((each) => !known.includes(each))).toEqual([]);
    expect(known.filter((each) => !limits.has(each))).toEqual([]);
  });
});
