import {
  IconLayoutDashboard,
  IconListSearch,
  IconPlayerPlay,
  IconRefresh,
  IconServer2,
  IconTerminal2,
  IconUsers,
  IconUsersGroup,
  IconVideo,
} from '@tabler/icons-react';

/** The pages of the header, the account menu and the command palette, in their order. */
const pages = [
  { to: '/dashboard', label: 'Dashboard', icon: IconLayoutDashboard },
  { to: '/', label: 'Machines', icon: IconServer2, onPhones: true },
  { to: '/sessions', label: 'Sessions', icon: IconTerminal2, onPhones: true },
  { to: '/runs', label: 'Runs', icon: IconPlayerPlay },
  { to: '/recordings', label: 'Recordings', icon: IconVideo },
  { to: '/users', label: 'Users', icon: IconUsers, adminOnly: true },
  { to: '/groups', label: 'Groups', icon: IconUsersGroup, adminOnly: true },
  { to: '/updates', label: 'Updates', icon: IconRefresh, adminOnly: true },
  { to: '/audit', label: 'Audit', icon: IconListSearch, adminOnly: true },
] as const;

export interface MainPage {
  readonly to: (typeof pages)[number]['to'];
  readonly label: string;
  readonly icon: typeof IconUsers;
  /** The header has it also on a narrow window. */
  readonly onPhones?: boolean;
  readonly adminOnly?: boolean;
}

/** The main pages that a user may open. */
export const mainPages = (isAdmin: boolean): readonly MainPage[] => {
  const all: readonly MainPage[] = pages;
  return all.filter(({ adminOnly }) => isAdmin || adminOnly !== true);
};
