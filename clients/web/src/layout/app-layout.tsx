import {
  ActionIcon,
  Menu,
  Text,
  Tooltip,
  UnstyledButton,
  useComputedColorScheme,
  useMantineColorScheme,
} from '@mantine/core';
import { createSpotlight } from '@mantine/spotlight';
import { IconInfoCircle, IconLogout, IconMoon, IconSearch, IconSun, IconUserCircle } from '@tabler/icons-react';
import { Link, Outlet } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { Wordmark } from '../brand/mark.tsx';
import { useSignIn, useUser } from '../sign-in/sign-in-context.ts';
import classes from './app-layout.module.css';
import { type MainPage, mainPages } from './main-pages.ts';
import { SecondFactorNotices } from './second-factor-notices.tsx';
import { useHeadingFocus } from './use-heading-focus.ts';
import { usePaletteKey } from './use-palette-key.ts';
import { UserPicture } from './user-picture.tsx';

const [palette, { open: openPalette }] = createSpotlight();
const Palette = lazy(() => import('../palette/palette.tsx').then((module) => ({ default: module.Palette })));
const AboutDialog = lazy(() => import('../about/about-dialog.tsx').then((module) => ({ default: module.AboutDialog })));
const noActions: readonly never[] = [];

/** The frame of all pages for signed-in users, except for the terminal. */
export const AppLayout = () => {
  const isAdmin = useUser()?.role === 'admin';
  usePaletteKey(openPalette);
  useHeadingFocus();
  return (
    <>
      <a className={classes.skip} href="#content">
        Skip to content
      </a>
      <header className={classes.header}>
        <div className={classes.inner}>
          <Link to="/" className={classes.home} aria-label="WebXTerm, home">
            <Wordmark size={28} />
          </Link>
          <nav className={classes.nav} aria-label="Main">
            {mainPages(isAdmin).map((page) => (
              <NavLink key={page.to} page={page} />
            ))}
          </nav>
          <div className={classes.end}>
            <Tooltip label="Find terminals, machines and pages (Ctrl+K)">
              <ActionIcon
                variant="subtle"
                color="gray"
                size="lg"
                aria-label="Find terminals, machines and pages"
                onClick={openPalette}
              >
                <IconSearch size={19} stroke={1.8} />
              </ActionIcon>
            </Tooltip>
            <div className={classes.roomy}>
              <ColorSchemeToggle />
            </div>
            <AccountMenu />
          </div>
        </div>
      </header>
      <Suspense>
        <Palette store={palette} actions={noActions} />
      </Suspense>
      <main id="content" className={classes.content} tabIndex={-1}>
        <SecondFactorNotices />
        <Outlet />
      </main>
    </>
  );
};

const NavLink = ({ page: { to, label, onPhones = false } }: { page: MainPage }) => (
  <Link
    to={to}
    data-wide-only={onPhones ? undefined : true}
    className={classes.link}
    activeProps={{ 'data-active': true, 'aria-current': 'page' }}
    activeOptions={{ exact: true, includeSearch: false }}
  >
    {label}
  </Link>
);

export const ColorSchemeToggle = () => {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('light');
  const other = scheme === 'dark' ? 'light' : 'dark';
  return (
    <Tooltip label={`Switch to the ${other} scheme`}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        aria-label={`Switch to the ${other} scheme`}
        onClick={() => setColorScheme(other)}
      >
        {scheme === 'dark' ? <IconSun size={19} stroke={1.8} /> : <IconMoon size={19} stroke={1.8} />}
      </ActionIcon>
    </Tooltip>
  );
};

const AccountMenu = () => {
  const signIn = useSignIn();
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('light');
  const user = useUser();
  const name = user?.username ?? '';
  const [about, setAbout] = useState(false);
  return (
    <>
      {about && (
        <Suspense>
          <AboutDialog onClose={() => setAbout(false)} />
        </Suspense>
      )}
      <Menu position="bottom-end" width={230} shadow="md" radius="md">
        <Menu.Target>
          <UnstyledButton className={classes.account} aria-label={`Account of ${name}`}>
            {user?.avatar_url == null ? (
              ([...name][0]?.toUpperCase() ?? '·')
            ) : (
              <UserPicture name={name} url={user.avatar_url} size={34} />
            )}
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          <div className={classes.who}>
            <Text fw={600} truncate>
              {name}
            </Text>
            <Text size="xs" c="dimmed" truncate>
              {user?.email}
            </Text>
          </div>
          <Menu.Divider />
          <Menu.Item leftSection={<IconUserCircle size={18} stroke={1.7} />} component={Link} to="/profile">
            Profile and API key
          </Menu.Item>
          {mainPages(user?.role === 'admin')
            .filter(({ onPhones }) => onPhones !== true)
            .map(({ to, label, icon: Icon }) => (
              <Menu.Item key={to} leftSection={<Icon size={18} stroke={1.7} />} component={Link} to={to}>
                {label}
              </Menu.Item>
            ))}
          <Menu.Item
            leftSection={scheme === 'dark' ? <IconSun size={18} stroke={1.7} /> : <IconMoon size={18} stroke={1.7} />}
            onClick={() => setColorScheme(scheme === 'dark' ? 'light' : 'dark')}
          >
            {scheme === 'dark' ? 'Light theme' : 'Dark theme'}
          </Menu.Item>
          <Menu.Item leftSection={<IconInfoCircle size={18} stroke={1.7} />} onClick={() => setAbout(true)}>
            About WebXTerm
          </Menu.Item>
          <Menu.Item
            leftSection={<IconLogout size={18} stroke={1.7} />}
            onClick={() => {
              // This browser is signed out in any case, even if the server cannot be reached.
              signIn.signOut().catch(() => undefined);
            }}
          >
            Sign out
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
};
