import { isChoice } from '../machines/linux-user-menu.tsx';
import { useMySessions, useNamedMachines } from '../sessions/session-queries.ts';
import { sessionTitle } from '../sessions/session-title.ts';
import type { Tab, Tabs } from './tab-store.ts';

export interface TabLabels {
  /** The user's name for the tab, else the title of its program, else its program, else its number. */
  short(tab: Tab): string;
  /** The same with the machine, if the tabs are on several. */
  long(tab: Tab): string;
  /** The same, always with the machine. */
  withMachine(tab: Tab): string;
  /** The Linux user, if it was chosen or the machine has several. */
  user(tab: Tab): string | undefined;
  /** Machine, Linux user, program and directory, as far as they are known. */
  about(tab: Tab): string;
}

/** The labels of the tabs. The server knows the title also of a session to which this page has just attached. */
export const useTabLabels = ({ tabs }: Tabs): TabLabels => {
  const { data: sessions } = useMySessions();
  const { nameOf, usersOf } = useNamedMachines(tabs.map(({ agentId }) => agentId));
  const several = new Set(tabs.map(({ agentId }) => agentId)).size > 1;
  const sessionOf = ({ sessionId }: Tab) => sessions?.find(({ session_id }) => session_id === sessionId);
  const userOf = (tab: Tab): string | undefined => sessionOf(tab)?.linux_user ?? tab.linuxUser;
  const short = (tab: Tab): string =>
    tab.name ?? (tab.title || (sessionTitle({ ...sessionOf(tab) }) ?? `Shell ${tabs.indexOf(tab) + 1}`));
  const withMachine = (tab: Tab): string => `${nameOf(tab.agentId) ?? '…'}: ${short(tab)}`;
  return {
    short,
    long: (tab) => (several ? withMachine(tab) : short(tab)),
    withMachine,
    user: (tab) => (tab.linuxUser !== undefined || isChoice(usersOf(tab.agentId)) ? userOf(tab) : undefined),
    about: (tab) => {
      const { command, directory } = sessionOf(tab) ?? {};
      return [nameOf(tab.agentId), userOf(tab), command, directory].filter((part) => part !== undefined).join(' · ');
    },
  };
};
