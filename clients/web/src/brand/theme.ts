import {
  Badge,
  Button,
  type CSSVariablesResolver,
  createTheme,
  type MantineColorsTuple,
  Modal,
  PasswordInput,
  TextInput,
  Tooltip,
} from '@mantine/core';

/** The accent colour: petrol, which is distinct from the green, amber and red of a machine's state. */
const petrol: MantineColorsTuple = [
  '#e8f4f6',
  '#d2e7eb',
  '#a6d0d8',
  '#79b8c4',
  '#54a2b1',
  '#3a91a2',
  '#2a8496',
  '#1a6c7d',
  '#115a69',
  '#084754',
];

/** Neutral colours of the dark scheme, tinted with the accent. 7 is the page, 6 a surface, 4 a line, 0 text. */
const dark: MantineColorsTuple = [
  '#dbe2e6',
  '#b6c1c8',
  '#8d9ba4',
  '#66757f',
  '#35424b',
  '#27323a',
  '#182127',
  '#10171c',
  '#0b1115',
  '#070b0e',
];

const sans = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif";
export const mono =
  "ui-monospace, 'SF Mono', 'Cascadia Mono', 'JetBrains Mono', Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace";

export const theme = createTheme({
  colors: { petrol, dark },
  primaryColor: 'petrol',
  primaryShade: 7,
  black: '#16242a',
  fontFamily: sans,
  fontFamilyMonospace: mono,
  headings: { fontFamily: sans, fontWeight: '650' },
  defaultRadius: 'md',
  focusRing: 'auto',
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Button: Button.extend({ defaultProps: { fw: 600 } }),
    Badge: Badge.extend({ defaultProps: { variant: 'light', tt: 'none', fw: 600 } }),
    TextInput: TextInput.extend({ defaultProps: { size: 'md' } }),
    PasswordInput: PasswordInput.extend({ defaultProps: { size: 'md' } }),
    Notification: { defaultProps: { closeButtonProps: { 'aria-label': 'Dismiss' } } },
    Modal: Modal.extend({
      defaultProps: { centered: true, radius: 'lg', closeButtonProps: { 'aria-label': 'Close' } },
    }),
    // A header in a dialog is no landmark of the page.
    ModalHeader: { defaultProps: { role: 'presentation' } },
    DrawerHeader: { defaultProps: { role: 'presentation' } },
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 400, withArrow: true } }),
  },
});

/** White on the red of Mantine has a contrast of 3.84. */
const redButtons = { '--mantine-color-red-filled': '#d02f2f', '--mantine-color-red-filled-hover': '#b82828' };

/** Colours that Mantine does not define (surfaces, lines), and those of Mantine whose contrast is below 4.5. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    ...redButtons,
    '--mantine-color-body': '#f7f6f2',
    '--mantine-color-dimmed': '#5b6a71',
    '--mantine-color-placeholder': '#5b6a71',
    '--mantine-color-green-light-color': '#217535',
    '--mantine-color-yellow-light-color': '#7a4a00',
    '--mantine-color-error': '#b83a34',
    '--wx-surface': '#ffffff',
    '--wx-sunken': '#efede6',
    '--wx-chart-1': '#2b6cb0',
    '--wx-chart-2': '#97560c',
    '--wx-chart-3': '#2f7a4b',
    '--wx-line': '#e2dfd5',
    '--wx-accent': '#1a6c7d',
    '--wx-online': '#2b8a4b',
    '--wx-waiting': '#b7791f',
    '--wx-offline': '#97a2a8',
    '--wx-danger': '#b83a34',
    '--wx-terminal': '#fdfcf9',
  },
  dark: {
    ...redButtons,
    '--mantine-color-body': '#10171c',
    '--mantine-color-dimmed': '#93a1aa',
    '--mantine-color-placeholder': '#93a1aa',
    '--mantine-color-error': '#ee7a72',
    '--wx-surface': '#161f25',
    '--wx-sunken': '#0b1115',
    '--wx-chart-1': '#63b3ed',
    '--wx-chart-2': '#f6ad55',
    '--wx-chart-3': '#68d391',
    '--wx-line': '#26323a',
    '--wx-accent': '#6fb9c8',
    '--wx-online': '#4cc27a',
    '--wx-waiting': '#e0a44a',
    '--wx-offline': '#66757f',
    '--wx-danger': '#ee7a72',
    '--wx-terminal': '#0b1115',
  },
});
